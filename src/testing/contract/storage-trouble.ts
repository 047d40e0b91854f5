import type { TaskStreamContext } from '../../server/index';
import { type Bench, settleDown } from './bench';
import type { ReceivedFrame } from './reading';
import type { BenchTest } from './suite';

/** Cuts an instance off its storage; the function that is returned lets it back. */
export type CutStreamContext = (context: TaskStreamContext) => Promise<() => Promise<void> | void>;

/** A bench whose first instance can be cut off its storage. */
export interface TroubledBench extends Bench {
  /** Cuts off the instance that runs tasks; the function that is returned lets it back. */
  cutOff(): Promise<() => Promise<void>>;
}

/** A lease that a test can wait for, in milliseconds; two heartbeat intervals. */
export const shortLeaseMs = 500;

/** A lease that no test waits for, in milliseconds. */
export const longLeaseMs = 60_000;

/** Makes a test that may cut off the instance which runs tasks; it is let back after the test. */
export function withCut<Given extends Bench>(
  cut: CutStreamContext,
  test: (bench: Given & TroubledBench) => Promise<void>,
): (bench: Given) => ReturnType<BenchTest> {
  return async (bench) => {
    const restores: (() => Promise<void> | void)[] = [];
    const restoreAll = async () => {
      for (const restore of restores.splice(0)) await restore();
    };
    const cutOff = async () => {
      restores.push(await cut(bench.context));
      return restoreAll;
    };
    try {
      await test({ ...bench, cutOff });
    } finally {
      await restoreAll();
    }
  };
}

/** The type of a chunk, and the status or the code that it tells, if it tells one. */
export function tellsOf({ data }: Pick<ReceivedFrame, 'data'>): string[] {
  const { type, data: told } = JSON.parse(data);
  return [type, told?.status ?? told?.code].filter((part) => part !== undefined);
}

/** Asks again and again until a condition holds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await settleDown();
}

/** Asks until a task is over, without reading its log. */
export function untilOver(at: TaskStreamContext, taskId: string): Promise<void> {
  return until(async () => (await at.inspect(taskId))?.status !== 'running');
}
