import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { readSnippets } from '../helpers/snippets';

const root = fileURLToPath(new URL('../../', import.meta.url));
const documents = ['README.md', 'PROTOCOL.md', 'CONTRIBUTING.md', ...findPages()];
interface File {
  /** Where the snippet stands, such as `README.md:31`. */
  origin: string;
  text: string;
}

function findPages(): string[] {
  return ['docs', 'docs/errors', 'docs/hosts'].flatMap((folder) =>
    existsSync(join(root, folder))
      ? ts.sys
          .readDirectory(join(root, folder), ['.md'], [], ['*'])
          .map((path) => path.slice(root.length))
      : [],
  );
}

/** All snippets by the path of the file that each is taken for. */
function readFiles(): Map<string, File> {
  const files = new Map<string, File>();
  for (const document of documents) {
    for (const { text, line, extension, path: given, major } of readSnippets(
      join(root, document),
    )) {
      // Beside the file whose place it takes with another major version of the AI SDK.
      const place = given && major ? `${dirname(given)}/ai-sdk-${major}-${basename(given)}` : given;
      const name = place ?? `snippet-${line}.${extension}`;
      // Is that file, word for word, and is compiled where it stands.
      if (name.startsWith('examples/')) continue;
      // Inside the project, so that packages are found; nothing is written.
      const path = join(root, 'tests', 'docs', '.snippets', document, name);
      expect(files.has(path), `${document} shows ${name} twice`).toBe(false);
      files.set(path, { origin: `${document}:${line}`, text });
    }
  }
  return files;
}

function readOptions(): ts.CompilerOptions {
  const file = join(root, 'tsconfig.tests.json');
  const { options, errors } = ts.getParsedCommandLineOfConfigFile(file, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
    },
  }) ?? { options: {}, errors: [] };
  expect(errors).toEqual([]);
  // A page that Vite builds reads its environment from `import.meta.env`.
  return { ...options, types: [...(options.types ?? []), 'vite/client'], noEmit: true };
}

/** What is wrong with the snippets, one line each. */
function check(snippets: Map<string, File>): string[] {
  const options = readOptions();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  host.fileExists = (path) => snippets.has(path) || fileExists(path);
  host.readFile = (path) => snippets.get(path)?.text ?? readFile(path);
  host.directoryExists = (path) =>
    path.includes('.snippets') || (directoryExists?.call(host, path) ?? true);
  host.getSourceFile = (path, language, ...others) => {
    const snippet = snippets.get(path);
    return snippet
      ? ts.createSourceFile(path, snippet.text, language)
      : getSourceFile.call(host, path, language, ...others);
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

describe('the snippets of the documents', () => {
  const snippets = readFiles();

  it('are there', () => {
    expect(snippets.size).toBeGreaterThan(5);
  });

  it('compile against the sources', () => {
    expect(check(snippets)).toEqual([]);
  });

  it('notices an error', () => {
    const broken = { origin: 'here', text: "import { nothing } from 'ai-task-stream/server';\n" };
    const path = join(root, 'tests', 'docs', '.snippets', 'broken.ts');
    expect(check(new Map([[path, broken]]))).toEqual([
      expect.stringContaining("has no exported member 'nothing'"),
    ]);
  });
});
