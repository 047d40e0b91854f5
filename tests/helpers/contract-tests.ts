// What tests need of the suite for stream contexts that try the suite itself.
import type { TaskLog, TaskReader, TaskStreamContext } from 'ai-task-stream/server';
import { testStreamContext } from 'ai-task-stream/testing';
import { expect } from 'vitest';
import { createOwnContext } from './tasks';

/** A test of the suite. */
export interface Found {
  readonly name: string;
  readonly test: () => Promise<void>;
}

/** The tests that the suite makes, with a runner that runs nothing. */
export function collect(
  create: () => TaskStreamContext,
  options: Parameters<typeof testStreamContext>[1] = {},
): Found[] {
  const found: Found[] = [];
  const groups: string[] = [];
  testStreamContext(create, {
    describe(name, define) {
      groups.push(name);
      define();
      groups.pop();
    },
    it: (name, test) => found.push({ name: [...groups, name].join(' '), test }),
    ...options,
  });
  return found;
}

/** Whether the test of that name passes; there has to be one. */
export async function passes(tests: readonly Found[], name: string): Promise<boolean> {
  const [found, ...others] = tests.filter((one) => one.name.includes(name));
  if (!found || others.length > 0) throw new Error(`Not one test: ${name}`);
  return found.test().then(
    () => true,
    () => false,
  );
}

/** The same context but for its logs. */
export function withLogs(change: (log: TaskLog) => Partial<TaskLog>) {
  return (context: TaskStreamContext): Partial<TaskStreamContext> => ({
    async open(taskId, options) {
      const log = await context.open(taskId, options);
      return log && { ...log, ...change(log) };
    },
  });
}

/** The same context but for its readers, which are changed in place. */
export function withReaders(change: (reader: TaskReader) => void) {
  return (context: TaskStreamContext): Partial<TaskStreamContext> => ({
    async read(taskId, options) {
      const reader = await context.read(taskId, options);
      if (reader) change(reader);
      return reader;
    },
  });
}

/** Changes of a context that break a promise. */
export type Break = (context: TaskStreamContext) => Partial<TaskStreamContext>;

/** Expects that the test of that name passes, unless a promise is broken. */
export async function expectNoticed(breakIt: Break, test: string): Promise<void> {
  const sound = createOwnContext();
  const tests = collect(() => sound);
  expect(await passes(tests, test)).toBe(true);
  const other = createOwnContext();
  const broken = { ...other, ...breakIt(other) };
  // Some of them make a test wait in vain.
  const others = collect(() => broken, { timeoutMs: 500 });
  expect(await passes(others, test)).toBe(false);
}
