import type { TestRunner } from '../test-runner';
import { type Bench, type CreateStreamContext, createBench } from './bench';
import type { StreamContextPromise } from './promises';

/** A test of a stream context, on a bench of its own. */
export type BenchTest = (bench: Bench) => Promise<void>;

/** Makes a test, or leaves it out. */
type DefineTest = (name: string, test: BenchTest) => void;

/** What the groups of the suite are made with. */
export interface ContractSuite {
  /** Groups tests. */
  describe(name: string, define: () => void): void;
  /** Makes a test of what every context promises. */
  it: DefineTest;
  /** Makes a test of what some contexts promise; left out unless the context promises all of it. */
  itIf(...promises: StreamContextPromise[]): DefineTest;
}

export interface ContractSuiteOptions {
  create: CreateStreamContext;
  without: readonly StreamContextPromise[];
  timeoutMs: number;
}

/** Leaves a test out without skipping it: of a context without the promise there is nothing to try. */
const leaveOut: DefineTest = () => {};

export function createContractSuite(
  { describe, it }: TestRunner,
  { create, without, timeoutMs }: ContractSuiteOptions,
): ContractSuite {
  // The tests of the group that is being made.
  let tests: { readonly name: string; readonly test: BenchTest }[] = [];
  const define: DefineTest = (name, test) => {
    tests.push({ name, test });
  };
  return {
    describe(name, group) {
      tests = [];
      group();
      const defined = tests;
      // Test runners take a group without tests for a mistake.
      if (defined.length === 0) return;
      describe(name, () => {
        for (const { name, test } of defined) it(name, () => onBench(create, { test, timeoutMs }));
      });
    },
    it: define,
    itIf: (...promises) =>
      promises.some((promise) => without.includes(promise)) ? leaveOut : define,
  };
}

/** Runs a test, then ends whatever it has left open. A failure of the test itself is told first. */
async function onBench(
  create: CreateStreamContext,
  { test, timeoutMs }: { test: BenchTest; timeoutMs: number },
): Promise<void> {
  const bench = await createBench(create);
  try {
    await inTime(timeoutMs, () => test(bench));
  } catch (failure) {
    await inTime(timeoutMs, bench.dispose).catch(() => {
      // After a test that failed a context need not be in a state to be closed.
    });
    throw failure;
  }
  await inTime(timeoutMs, bench.dispose);
}

/** Rejects if work does not end within `ms`, because not all test runners give up by themselves. */
async function inTime(ms: number, work: () => Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `What the test waits for has not come within ${ms} ms. See its last step.`;
    timer = setTimeout(() => reject(new Error(message)), ms);
  });
  // The work begins after the timer was set, because the work may put a manual clock in its place.
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
