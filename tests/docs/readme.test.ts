import { expect, it } from 'vitest';
import { readDocument } from '../helpers/documents';

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
