import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readDocument } from '../helpers/documents';
import { readPastedFiles } from '../helpers/snippets';

const root = fileURLToPath(new URL('../../', import.meta.url));

const readme = readDocument('README.md');
const at = (text: string): number => {
  const index = readme.indexOf(text);
  expect(index, `README.md has ${text}`).toBeGreaterThanOrEqual(0);
  return index;
};

it('begins with the pain and the picture, and comes to commands and snippets after that', () => {
  const places = ['<picture>', '## What it does', '```sh', 'npm install', '```ts', 'npm ci'].map(
    at,
  );
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(at('\n## ')).toBeGreaterThan(at('</picture>'));
});

it('has the commands that run the demo and all tests', () => {
  for (const command of ['npm ci && npm run demo', 'npm ci && npm test']) at(command);
});

it('leaves the figures of benchmarks to a page of their own', () => {
  expect(readme).not.toContain('chunks/s');
  expect(readme).toContain('(docs/benchmarks.md)');
});

it('begins its code with a complete chat in at most 40 lines, which docs/chat.md begins with, too', () => {
  const paths = ['app/api/chat/route.ts', 'app/chat/[id]/page.tsx'];
  const files = [7, 6].flatMap((major) =>
    ['README.md', 'docs/chat.md'].map((document) => {
      const pasted = [...readPastedFiles(root + document, major === 6 ? 6 : 7)];
      expect(pasted.slice(0, 2).map(([path]) => path)).toEqual(paths);
      return pasted.slice(0, 2).map(([, text]) => text);
    }),
  );
  for (const texts of files) {
    const lines = texts.join('').split('\n');
    // Their paths and blank lines are not counted.
    const code = lines.filter((line) => line.trim() !== '' && !/^\/\/ app\//.test(line));
    expect(code.length).toBeLessThanOrEqual(40);
  }
  const [readme7, chat7, readme6, chat6] = files;
  expect(readme7).toEqual(chat7);
  expect(readme6).toEqual(chat6);
});
