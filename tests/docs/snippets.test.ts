import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { documents } from '../helpers/documents';
import { readSnippets } from '../helpers/snippets';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface File {
  /** Where the snippet stands, such as `README.md:31`. */
  origin: string;
  text: string;
}

/** By what names AI SDK 6 is installed here. */
const paths6 = {
  ai: ['./node_modules/ai-v6'],
  '@ai-sdk/openai': ['./node_modules/ai-sdk-openai-v3'],
  '@ai-sdk/react': ['./node_modules/ai-sdk-react-v3'],
};

/** All snippets as those of one major version of the AI SDK paste them, by path. */
function readFiles(major: 6 | 7): Map<string, File> {
  const files = new Map<string, File>();
  for (const document of documents) {
    const snippets = readSnippets(join(root, document));
    const places = snippets.map(({ path, major: own }) => `${path} ${own}`);
    for (const { text, line, extension, path: given, major: own } of snippets) {
      const name = given ?? `snippet-${line}.${extension}`;
      // The one for another version, or one that has another for this version beside it.
      if (own === undefined ? places.includes(`${given} ${major}`) : own !== major) continue;
      // Inside the project, so that packages are found; nothing is written. What `examples` has is
      // there word for word.
      const path = name.startsWith('examples/')
        ? join(root, name)
        : join(root, 'tests', 'docs', '.snippets', document, name);
      expect(files.has(path), `${document} shows ${name} twice`).toBe(false);
      files.set(path, { origin: `${document}:${line}`, text });
    }
  }
  return files;
}

function readOptions(major: 6 | 7): ts.CompilerOptions {
  const file = join(root, 'tsconfig.tests.json');
  const { options, errors } = ts.getParsedCommandLineOfConfigFile(file, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
    },
  }) ?? { options: {}, errors: [] };
  expect(errors).toEqual([]);
  const paths = major === 6 ? { ...options.paths, ...paths6 } : options.paths;
  const types = [...(options.types ?? []), 'vite/client'];
  return { ...options, types, noEmit: true, ...(paths && { paths }) };
}

/** What is no snippet is the same for all programs. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** What is wrong with the snippets, one line each. */
function check(snippets: Map<string, File>, major: 6 | 7): string[] {
  const options = readOptions(major);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  host.fileExists = (path) => snippets.has(path) || fileExists(path);
  host.readFile = (path) => snippets.get(path)?.text ?? readFile(path);
  host.directoryExists = (path) =>
    path.includes('.snippets') || (directoryExists?.call(host, path) ?? true);
  host.getSourceFile = (path, language, ...others) => {
    const snippet = snippets.get(path);
    if (snippet) return ts.createSourceFile(path, snippet.text, language);
    if (!parsed.has(path)) parsed.set(path, getSourceFile.call(host, path, language, ...others));
    return parsed.get(path);
  };
  const program = ts.createProgram([...snippets.keys()], options, host);
  return [...snippets].flatMap(([path, { origin }]) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start = 0, messageText }) => {
        const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
        return `${origin}, line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      },
    );
  });
}

describe.each([7, 6] as const)('the snippets of the documents, with AI SDK %s', (major) => {
  it('are there', () => {
    expect(readFiles(major).size).toBeGreaterThan(5);
  });

  // The compiler reads all of the AI SDK, which takes its time on a busy machine.
  it('compile against the sources', { timeout: 300_000 }, () => {
    expect(check(readFiles(major), major)).toEqual([]);
  });

  it('notices an error', () => {
    const program = `import { nothing } from 'ai-task-stream/server';
import { ${major === 6 ? 'toUIMessageStream' : 'noSuchFunction'} } from 'ai';
`;
    const path = join(root, 'tests', 'docs', '.snippets', 'broken.ts');
    expect(check(new Map([[path, { origin: 'here', text: program }]]), major)).toEqual([
      expect.stringContaining("has no exported member 'nothing'"),
      expect.stringMatching(/has no exported member (named )?'(toUIMessageStream|noSuchFunction)'/),
    ]);
  });
});
