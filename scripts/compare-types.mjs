// Compares the types of a package with its former types, and tells which changes would keep programs
// from compiling. Both are folders of declarations, with a file for each entry.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './run-step.mjs';

const options = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: [],
};

/** The folders that the compiler takes the declarations to be in, so that it finds their imports. */
const sides = { before: join(root, '.types', 'before'), after: join(root, '.types', 'after') };
const probeFile = join(root, '.types', 'probe.ts');

/**
 * One text for each change that would keep programs from compiling: what changed, and what the
 * compiler says of it.
 *
 * @param {{ before: string, after: string }} folders Folders of the declarations of the last release
 *   (`before`) and of the present ones (`after`).
 * @param {readonly string[]} entries Names of files without `.d.ts`.
 * @returns {string[]}
 */
export function compareTypes(folders, entries) {
  const files = new Map();
  for (const [side, folder] of Object.entries(folders)) {
    const names = readdirSync(folder, { recursive: true });
    for (const name of names.filter((file) => file.endsWith('.d.ts'))) {
      files.set(join(sides[side], name), strictly(readFileSync(join(folder, name), 'utf8')));
    }
  }
  const problems = [];
  const missingEntries = entries.filter((entry) => !files.has(join(sides.after, `${entry}.d.ts`)));
  problems.push(...missingEntries.map((entry) => `${entry}: is gone`));
  const known = entries.filter(
    (entry) => files.has(join(sides.before, `${entry}.d.ts`)) && !missingEntries.includes(entry),
  );

  const declared = createProgram(
    files,
    known
      .map((entry) => join(sides.before, `${entry}.d.ts`))
      .concat(known.map((entry) => join(sides.after, `${entry}.d.ts`))),
  );
  const probes = [];
  for (const entry of known) {
    const before = exportsOf(declared, join(sides.before, `${entry}.d.ts`));
    const after = new Set(
      exportsOf(declared, join(sides.after, `${entry}.d.ts`)).map(({ name }) => name),
    );
    const uses = usesOf(declared.getTypeChecker(), before);
    for (const exported of before) {
      const about = `${entry}: ${exported.name}`;
      if (!after.has(exported.name)) problems.push(`${about} is gone`);
      else probes.push(...probesOf(exported, uses).map((probe) => ({ ...probe, entry, about })));
    }
  }
  return [...problems, ...runProbes({ files, known, probes, declared })];
}

/**
 * Rewrites declarations so that the compiler compares them strictly: methods of interfaces become
 * properties, because the compiler compares the parameters of methods both ways, and the marks of
 * private members go, because no two declarations share them.
 */
function strictly(text) {
  const source = ts.createSourceFile('declarations.d.ts', text, ts.ScriptTarget.ES2022, true);
  const { factory } = ts;
  const transform = (context) => (file) => {
    const visit = (node) => {
      const isMember =
        ts.isInterfaceDeclaration(node.parent ?? file) || ts.isTypeLiteralNode(node.parent ?? file);
      if (ts.isMethodSignature(node) && isMember && !isOverloaded(node)) {
        const { name, questionToken, typeParameters, parameters, type } = node;
        const visited = ts.visitNodes(parameters, visit);
        const signature = factory.createFunctionTypeNode(
          typeParameters,
          visited,
          ts.visitNode(type, visit) ?? factory.createKeywordTypeNode(ts.SyntaxKind.AnyKeyword),
        );
        const value = questionToken ? factory.createParenthesizedType(signature) : signature;
        return factory.createPropertySignature(undefined, name, questionToken, value);
      }
      if (ts.isPropertyDeclaration(node) && ts.isPrivateIdentifier(node.name)) return undefined;
      return ts.visitEachChild(node, visit, context);
    };
    return ts.visitNode(file, visit);
  };
  const { transformed } = ts.transform(source, [transform]);
  return ts.createPrinter().printFile(transformed[0]);
}

function isOverloaded({ parent, name }) {
  return parent.members.filter((member) => member.name?.getText() === name.getText()).length > 1;
}

function createProgram(files, roots, oldProgram) {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, directoryExists } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.directoryExists = (path) =>
    path.startsWith(join(root, '.types')) || (directoryExists?.(path) ?? true);
  return ts.createProgram(roots, options, host, oldProgram);
}

/** What an entry exports: its name, its symbol, and whether that is a value, a type or both. */
function exportsOf(program, path) {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path);
  const module = source && checker.getSymbolAtLocation(source);
  return (module ? checker.getExportsOfModule(module) : []).map((exported) => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
    const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0;
    const isType = (symbol.flags & ts.SymbolFlags.Type) !== 0;
    return {
      name: exported.name,
      symbol,
      isValue,
      isType,
      argumentList: argumentsFor(symbol),
    };
  });
}

/**
 * Arguments for a generic type: `Some`, which is like no other type, or `any` for a parameter that
 * has a constraint.
 */
function argumentsFor(symbol) {
  const { typeParameters = [] } = symbol.declarations?.find((node) => node.typeParameters) ?? {};
  const given = typeParameters.map(({ constraint }) => (constraint ? 'any' : 'Some'));
  return given.length > 0 ? `<${given.join(', ')}>` : '';
}

/**
 * Which types programs get from the package, and which they give to it. Programs give the parameters
 * of functions that they get, and get the parameters of functions that they give.
 */
function usesOf(checker, exported) {
  const uses = new Map();
  const visit = (type, isGiven) => {
    const side = isGiven ? 'given' : 'got';
    for (const symbol of [type.aliasSymbol, type.symbol]) {
      if (symbol) uses.set(symbol, (uses.get(symbol) ?? new Set()).add(side));
    }
    const key = `${side} ${type.id}`;
    if (uses.has(key)) return;
    uses.set(key, new Set());
    if (type.isUnionOrIntersection()) for (const part of type.types) visit(part, isGiven);
    if (checker.isArrayType(type) || checker.isTupleType(type)) {
      for (const item of checker.getTypeArguments(type)) visit(item, isGiven);
    }
    const isForeign = type.symbol?.declarations?.every(
      (node) => !node.getSourceFile().fileName.includes('/.types/'),
    );
    if (isForeign) {
      // A type of another package, such as `Promise`: the types that it holds go the same way.
      if (type.flags & ts.TypeFlags.Object && type.objectFlags & ts.ObjectFlags.Reference) {
        for (const item of checker.getTypeArguments(type)) visit(item, isGiven);
      }
      return;
    }
    for (const property of checker.getPropertiesOfType(type)) {
      visit(checker.getTypeOfSymbol(property), isGiven);
    }
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      for (const parameter of signature.getParameters()) {
        visit(checker.getTypeOfSymbol(parameter), !isGiven);
      }
      visit(signature.getReturnType(), isGiven);
    }
    const constraint = type.isTypeParameter() && type.getConstraint();
    if (constraint) visit(constraint, isGiven);
  };
  for (const { symbol, isValue } of exported) {
    if (isValue) visit(checker.getTypeOfSymbol(symbol), false);
  }
  return uses;
}

/** The lines of a program that compile only if a name's type can be used as before. */
function probesOf({ name, symbol, isValue, isType, argumentList }, uses) {
  const probes = [];
  if (isValue) {
    const [before, after] = ['Before', 'After'].map(
      (side) => `typeof ${side}.${name}${isType ? '' : argumentList}`,
    );
    probes.push(
      {
        code: `const p: (value: ${after}) => ${before} = (value) => value;`,
        says: 'cannot be used as before',
      },
      {
        code: `const p: Lost<Given<${before}>, Given<${after}>> = [];`,
        says: 'does not take what it took',
      },
    );
  }
  if (!isType) return probes;
  const use = uses.get(symbol) ?? new Set(['got', 'given']);
  const [before, after] = [`Before.${name}${argumentList}`, `After.${name}${argumentList}`];
  probes.push({
    code: `const p: Lost<${before}, ${after}> = [];`,
    says: 'lacks what it had',
  });
  if (use.has('got')) {
    const code = `const p: (value: ${after}) => ${before} = (value) => value;`;
    probes.push({ code, says: 'has something else in it than before' });
  }
  if (use.has('given')) {
    const code = `const p: (value: ${before}) => ${after} = (value) => value;`;
    probes.push({ code, says: 'does not take what it took' });
  }
  return probes;
}

const prelude = [
  'interface Some { readonly some: Some }',
  'type Keys<T> = T extends unknown ? keyof T : never;',
  'type Given<F> = F extends (...given: infer P) => unknown ? P[number] : never;',
  'type Lost<Before, After> = [Exclude<Keys<Before>, Keys<After>>] extends [never]',
  '  ? [] : [Exclude<Keys<Before>, Keys<After>>];',
].join('\n');

/** Compiles all probes at once; each probe that does not compile is a problem. */
function runProbes({ files, known, probes, declared }) {
  const lines = [...prelude.split('\n')];
  const byLine = new Map();
  const alias = (entry, side) => `${side}_${known.indexOf(entry)}`;
  for (const entry of known) {
    for (const side of ['before', 'after']) {
      lines.push(`import * as ${alias(entry, side)} from './${side}/${entry}';`);
    }
  }
  for (const probe of probes) {
    const code = probe.code
      .replaceAll('Before.', `${alias(probe.entry, 'before')}.`)
      .replaceAll('After.', `${alias(probe.entry, 'after')}.`);
    byLine.set(lines.length, probe);
    lines.push(`{ ${code} }`);
  }
  files.set(probeFile, `${lines.join('\n')}\n`);
  const program = createProgram(files, [probeFile], declared);
  const source = program.getSourceFile(probeFile);
  return program.getSemanticDiagnostics(source).map(({ start = 0, messageText }) => {
    const { line } = source.getLineAndCharacterOfPosition(start);
    const probe = byLine.get(line);
    const about = probe ? `${probe.about} ${probe.says}` : 'The comparison itself failed';
    return [about, ...explain(messageText)].join('\n    ');
  });
}

/** The beginning of the compiler's message, which names the place. */
function explain(messageText) {
  const text = ts
    .flattenDiagnosticMessageText(messageText, '\n')
    .replaceAll(/import\("[^"]*"\)\.|\b(before|after)_\d+\./g, '');
  return text.split('\n').slice(0, 6);
}
