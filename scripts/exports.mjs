// Checks the names that each entry of the built package exports, values as Node sees them and types
// as TypeScript sees them, against those that are stored. `--update` stores the present names.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = new URL('../', import.meta.url);
const snapshotFile = new URL('tests/package/exports.json', root);
const { exports: entries } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
const built = Object.entries(entries).filter(([, target]) => typeof target === 'object');

const program = ts.createProgram(
  built.map(([, target]) => fileURLToPath(new URL(target.types, root))),
  {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    skipLibCheck: true,
    types: [],
  },
);
const checker = program.getTypeChecker();

function namesInTypes(target) {
  const source = program.getSourceFile(fileURLToPath(new URL(target.types, root)));
  const symbol = source && checker.getSymbolAtLocation(source);
  return symbol ? checker.getExportsOfModule(symbol).map((exported) => exported.name) : [];
}

const current = {};
for (const [entry, target] of built) {
  const values = Object.keys(await import(new URL(target.default, root).href)).sort();
  const declared = namesInTypes(target);
  const undeclared = values.filter((name) => !declared.includes(name));
  if (undeclared.length > 0) {
    throw new Error(`${entry} exports values that its types do not name: ${undeclared.join(', ')}`);
  }
  // The stand-in for browsers throws as soon as it is loaded, so its names are read from its text.
  const stand = target.browser && (await readFile(new URL(target.browser, root), 'utf8'));
  const stands = [...(stand?.match(/\bexport \{([^}]*)\}/)?.[1] ?? '').matchAll(/\w+ as (\w+)/g)];
  const missing = values.filter((name) => !stands.some(([, stood]) => stood === name));
  if (stand && missing.length > 0) {
    throw new Error(`${entry} lacks names for browsers: ${missing.join(', ')}`);
  }
  current[entry] = { values, types: declared.filter((name) => !values.includes(name)).sort() };
}

if (process.argv.includes('--update')) {
  await writeFile(snapshotFile, `${JSON.stringify(current, null, 2)}\n`);
  console.log('tests/package/exports.json now lists the present exports.');
} else {
  const expected = JSON.parse(await readFile(snapshotFile, 'utf8').catch(() => '{}'));
  const differences = compare(expected, current);
  for (const difference of differences) console.log(difference);
  if (differences.length > 0) {
    console.log('If this change is meant, run: node scripts/exports.mjs --update');
    process.exitCode = 1;
  }
}

function compare(expected, actual) {
  const differences = [];
  for (const entry of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    for (const kind of ['values', 'types']) {
      const before = expected[entry]?.[kind] ?? [];
      const after = actual[entry]?.[kind] ?? [];
      const added = after.filter((name) => !before.includes(name));
      const removed = before.filter((name) => !after.includes(name));
      differences.push(
        ...added.map((name) => `${entry}: new in ${kind}: ${name}`),
        ...removed.map((name) => `${entry}: gone from ${kind}: ${name}`),
      );
    }
  }
  return differences;
}
