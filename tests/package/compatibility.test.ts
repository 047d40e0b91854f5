import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareTypes } from '../../scripts/compare-types.mjs';

const before = `
export interface StartOptions {
  name: string;
  retries?: number;
  mode?: 'fast' | 'slow';
  onEnd?: (end: End) => void;
}
export type EndCode = 'done' | 'failed';
export interface End { code: EndCode; message?: string }
export interface Storage { save(key: string | number): Promise<End>; }
export interface Task<Result> { readonly result: Promise<Result>; readonly label?: string; stop(reason?: string): boolean; }
export declare function start<Result>(options: StartOptions & { run: () => Result }): Task<Result>;
export declare function stop(options: { id: string; reason?: string }): End;
export declare function createStorage(): Storage;
export declare function use(storage: Storage): void;
export declare const limit: number;
export declare class Problem extends Error { #inner; constructor(options: { code: string }); readonly code: string; }
export {};
`;

/** What is found after a change: from a text to another one. */
const breaking: [change: string, from: string, to: string, told: string][] = [
  [
    'a function that is gone',
    'export declare function stop',
    'declare function stop',
    'stop is gone',
  ],
  ['a type that is gone', 'export interface End', 'interface End', 'End is gone'],
  ['an option that is gone', '  retries?: number;\n', '', 'StartOptions lacks what it had'],
  ['an option that is called otherwise', 'retries?', 'attempts?', 'StartOptions lacks what it had'],
  ['an inline option that is gone', '; reason?: string }', ' }', 'stop does not take what it took'],
  ['an option that takes less', "'fast' | 'slow'", "'fast'", 'StartOptions does not take'],
  [
    'an option that has to be given',
    'retries?: number',
    'retries: number',
    'StartOptions does not',
  ],
  [
    'a new option that has to be given',
    'name: string;',
    'name: string; id: string;',
    'start cannot',
  ],
  [
    'a parameter that has to be given',
    '(): Storage',
    '(url: string): Storage',
    'createStorage cannot',
  ],
  ['a method that takes less', 'save(key: string | number)', 'save(key: string)', 'Storage'],
  ['a callback that gets less', 'onEnd?: (end: End)', 'onEnd?: (end: EndCode)', 'StartOptions'],
  ['a result that may be missing', 'code: EndCode', 'code?: EndCode', 'End has something else'],
  ['a result that has less', '; message?: string', '', 'End lacks what it had'],
  [
    'more that objects of users have to give',
    'code: EndCode',
    'code: EndCode; at: 1',
    'use cannot',
  ],
  ['a result of more kinds', "'done' | 'failed'", "'done' | 'failed' | 'lost'", 'EndCode'],
  ['a value of another type', 'limit: number', 'limit: string', 'limit cannot be used as before'],
  ['a class that is made otherwise', '{ code: string }', '{ code: number }', 'Problem cannot'],
  ['a generic type with other results', 'Promise<Result>;', 'Result;', 'Task has something else'],
];

const compatible: [change: string, from: string, to: string][] = [
  ['that nothing has changed', 'limit', 'limit'],
  [
    'a new export',
    'export declare const limit',
    'export declare const most: 1; export declare const limit',
  ],
  ['a new option', 'retries?: number', 'retries?: number; delayMs?: number'],
  ['an option that takes more', "'fast' | 'slow'", "'fast' | 'slow' | 'steady'"],
  ['an option that may be left out', 'name: string;', 'name?: string;'],
  ['a parameter that may be left out', '(): Storage', '(url?: string): Storage'],
  ['a result that has more', 'readonly label?', 'readonly id: string; readonly label?'],
  ['a result that is there for sure', 'label?: string', 'label: string'],
];

describe('the comparison of types with those of the last release', () => {
  const sides = { before: '', after: '' };
  // What is told of each change. The compiler compares all at once, because it takes its time to start.
  let told: (change: string) => string[];

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ai-task-stream-types-'));
    for (const side of ['before', 'after'] as const) {
      sides[side] = join(folder, side);
      await mkdir(sides[side]);
      await writeFile(join(sides[side], 'entry.d.ts'), before);
    }
    await rm(join(sides.after, 'entry.d.ts'));
    const changes = [...breaking, ...compatible];
    for (const [index, [, from, to]] of changes.entries()) {
      expect(before).toContain(from);
      await writeFile(join(sides.before, `entry${index}.d.ts`), before);
      await writeFile(
        join(sides.after, `entry${index}.d.ts`),
        before.replace(from, () => to),
      );
    }
    const names = changes.map((_, index) => `entry${index}`);
    const problems = compareTypes(sides, ['entry', ...names]);
    await rm(folder, { recursive: true });
    told = (change) => {
      const entry = `entry${changes.findIndex(([name]) => name === change)}`.replace('-1', '');
      return problems.filter((problem) => problem.startsWith(`${entry}: `));
    };
  });

  it.each(breaking)('tells %s', (change, _from, _to, expected) => {
    expect(told(change).join('\n')).toContain(expected);
  });

  it.each(compatible)('does not mind %s', (change) => {
    expect(told(change)).toEqual([]);
  });

  it('tells an entry that is gone', () => {
    expect(told('an entry')).toEqual(['entry: is gone']);
  });
});
