import { TaskError } from '../protocol/index';

/** What suites need of a test runner, as vitest, jest, node:test and mocha have it. */
export interface TestRunner {
  /** Groups the tests that `define` makes. */
  describe(name: string, define: () => void): unknown;
  /** Makes a test, which fails when `test` rejects. */
  it(name: string, test: () => Promise<void>): unknown;
}

/**
 * The functions that were given, and in place of what was not given the global ones.
 *
 * @throws TaskError `invalid-options` when `describe` or `it` is neither given nor global.
 */
export function findTestRunner(given: Partial<TestRunner>): TestRunner {
  const { describe, it } = { ...(globalThis as Partial<TestRunner>), ...withoutUndefined(given) };
  if (typeof describe === 'function' && typeof it === 'function') return { describe, it };
  throw new TaskError({
    code: 'invalid-options',
    message:
      'There are no global `describe` and `it`. Pass those of your test runner: `{ describe, it }`.',
  });
}

function withoutUndefined({ describe, it }: Partial<TestRunner>): Partial<TestRunner> {
  return { ...(describe && { describe }), ...(it && { it }) };
}
