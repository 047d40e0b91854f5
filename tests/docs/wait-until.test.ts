import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { documents } from '../helpers/documents';
import { readSnippets } from '../helpers/snippets';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What starts work, or saves its outcome, and may outlast the request. */
const starters = ['createChatRoute', 'createTaskRoute', 'streamTask', 'resumeTask', 'start'];

const routes = documents.flatMap((document) =>
  readSnippets(join(root, document))
    .filter(({ path }) => /(^|\/)app\/.*route\.ts$/.test(path ?? ''))
    .map(({ path, text }) => ({ document, path, text })),
);

/** The calls that start work, and what they are given. */
function callsIn(text: string): string[] {
  const file = ts.createSourceFile('route.ts', text, ts.ScriptTarget.Latest);
  const calls: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const { expression } = node;
      const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
      if (starters.includes(name.getText(file))) calls.push(node.getText(file));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return calls;
}

describe('the routes of Next.js that the documents show', () => {
  it('are there', () => {
    expect(routes.flatMap(({ text }) => callsIn(text)).length).toBeGreaterThan(5);
  });

  it.each(routes)('$document keeps the process until the task of $path is done', ({ text }) => {
    for (const call of callsIn(text)) {
      // What the workers of a queue run needs nothing of the process that was asked.
      if (!/\bqueue:/.test(call)) expect(call).toContain('waitUntil: after');
    }
  });
});
