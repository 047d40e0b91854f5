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
  /** The same for what a context may do without, if it promises all of this. */
  itIf(...promises: StreamContextPromise[]): DefineTest;
}

/** Not skipped, which would say that it could have run: the context has no such promise. */
const leaveOut: DefineTest = () => {};

export function createContractSuite(
  { describe, it }: TestRunner,
  { create, without }: { create: CreateStreamContext; without: readonly StreamContextPromise[] },
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
      // Runners take a group without tests for a mistake.
      if (defined.length === 0) return;
      describe(name, () => {
        for (const { name, test } of defined) it(name, () => onBench(create, test));
      });
    },
    it: define,
    itIf: (...promises) =>
      promises.some((promise) => without.includes(promise)) ? leaveOut : define,
  };
}

/** Runs a test, and ends whatever it has left open; its own failure is the one that is told. */
async function onBench(create: CreateStreamContext, test: BenchTest): Promise<void> {
  const bench = await createBench(create);
  try {
    await test(bench);
  } catch (failure) {
    await bench.dispose().catch(() => {
      // After a test that failed a context need not be in a state to be closed.
    });
    throw failure;
  }
  await bench.dispose();
}
