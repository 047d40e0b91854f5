import { TaskError } from '../protocol/index';

/** What a test runner is made of, as far as suites need it: that of vitest, jest, node:test, mocha. */
export interface TestRunner {
  /** Groups the tests that its function makes. */
  describe(name: string, define: () => void): unknown;
  /** Makes a test, which fails when its function rejects. */
  it(name: string, test: () => Promise<void>): unknown;
}

/**
 * The runner that was given, or else the one whose functions are global.
 *
 * @throws TaskError `invalid-options` when there is neither.
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
