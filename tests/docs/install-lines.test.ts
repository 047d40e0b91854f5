import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { documents, readDocument } from '../helpers/documents';
import { readInstallLines } from '../helpers/install-lines';
import { readSnippets } from '../helpers/snippets';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Which major versions of other packages of the AI SDK go with one of `ai`. */
const companions = { 7: { openai: 4, react: 4 }, 6: { openai: 3, react: 3 } };

/** What the project has that a line begins, or that the reader is said to have. */
const projects: [said: RegExp, packages: string[]][] = [
  [/npx create-next-app|# in a project of Next\.js/, ['next', 'react', 'react-dom']],
  [/# in a project of Next\.js that has resumable-stream/, ['resumable-stream']],
  [/npm create vite\S* .*--template react-ts/, ['vite', 'react', 'react-dom']],
];

const allOf = (text: string) =>
  ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
const filesOf = (text: string) => allOf(text).filter((name) => name.startsWith('.'));

/** The packages that a program imports. */
function importsOf(text: string): string[] {
  return allOf(text)
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
    .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? '');
}

/** The packages that a snippet imports, by itself or through a file of `examples` beside it. */
function packagesOf({ path, text }: { path: string | undefined; text: string }): string[] {
  const files = path?.startsWith('examples/') ? filesOf(text) : [];
  const others = files.map((file) => join(root, dirname(path ?? ''), `${file}.ts`));
  return [text, ...others.filter(existsSync).map((file) => readFileSync(file, 'utf8'))].flatMap(
    importsOf,
  );
}

const nameOf = (specifier: string) => /^@?[^@]+/.exec(specifier)?.[0] ?? '';
const majorOf = (specifier: string) => Number(/.@(\d+)/.exec(specifier)?.[1]);

const pages = documents.filter((path) =>
  readSnippets(join(root, path)).some(({ text }) => importsOf(text).length > 0),
);

describe.each(pages)('%s', (path) => {
  const content = readDocument(path);
  const lines = readInstallLines(content);
  const imported = new Set(readSnippets(join(root, path)).flatMap(packagesOf));

  it('says how to install what its snippets import', () => {
    const installed = new Set([
      ...lines.flat().map(nameOf),
      ...projects.flatMap(([said, packages]) => (said.test(content) ? packages : [])),
    ]);
    expect([...imported].filter((name) => !installed.has(name))).toEqual([]);
  });

  it('installs one major version of the AI SDK at a time, if its snippets import that', () => {
    const ofAi = lines.filter((names) => names.some((name) => nameOf(name) === 'ai'));
    const majors = ofAi.map((names) => majorOf(names.find((name) => nameOf(name) === 'ai') ?? ''));
    const own = [...imported].filter((name) => name === 'ai' || name.startsWith('@ai-sdk/'));
    if (own.length > 0) expect(majors.sort()).toEqual([6, 7]);
    for (const names of ofAi) {
      const major = majorOf(names.find((name) => nameOf(name) === 'ai') ?? '');
      for (const name of names.filter((given) => given.startsWith('@ai-sdk/'))) {
        const known: Record<string, number> = companions[major === 6 ? 6 : 7];
        expect(`${nameOf(name)}@${known[nameOf(name).slice(8)]}`).toBe(name);
      }
    }
  });
});
