import { ok } from 'node:assert/strict';
import type { TaskData } from '../../protocol/index';
import { createTaskId } from '../../protocol/task-id';
import type {
  AttemptStart,
  HandOverAnswer,
  HandOverOptions,
  OpenTaskOptions,
  StoredWork,
  TakenTask,
  TakeTaskOptions,
  TaskLog,
  TaskStreamContext,
} from '../../server/index';
import type { Bench } from './bench';
import { openingFrames } from './chunks';
import type { BenchTest } from './suite';

/** The log of a task that may be attempted again. */
interface RunningLog extends TaskLog {
  checkpoint(data: string, start: AttemptStart): Promise<boolean>;
  handOver(options?: HandOverOptions): Promise<HandOverAnswer>;
}

/** A task that was taken. */
interface RunningTask extends TakenTask {
  readonly log: RunningLog;
}

type OpenWorkOptions = Partial<OpenTaskOptions> & { context?: TaskStreamContext };
type TakeOptions = Partial<TakeTaskOptions> & { context?: TaskStreamContext };

/** A bench for tasks that may be attempted again; nothing of them is left after the test. */
export interface AttemptBench extends Bench {
  /** The snapshot that the task is opened with. */
  readonly snapshot: TaskData;
  /** Opens the task with stored work. */
  openWork(work?: Partial<StoredWork>, options?: OpenWorkOptions): Promise<RunningLog>;
  /** Takes the task, if it can be taken. */
  tryTake(options?: TakeOptions): Promise<TakenTask | undefined>;
  /** Fails when the task cannot be taken. */
  take(options?: TakeOptions): Promise<RunningTask>;
  /** Where the task would begin anew. */
  startAt(index: number, value?: string): AttemptStart;
  /** Stores a checkpoint with that index, and with that number as its value. */
  checkpoint(log: TaskLog, index: number): Promise<boolean | undefined>;
}

/** The definition of the tasks of this suite. */
const definition = 'report';
/** Its version. */
export const version = 2;

/** A checkpoint's chunk. */
export function checkpointChunk(taskId: string, index: number): string {
  return JSON.stringify({ type: 'data-task-checkpoint', data: { taskId, index }, transient: true });
}

/** A log with what every log has whose task may be attempted again. */
function toRunning(log: TaskLog): RunningLog {
  const { checkpoint, handOver } = log;
  ok(checkpoint && handOver, 'The log of a task with stored work has `checkpoint` and `handOver`.');
  return Object.assign(log, { checkpoint, handOver });
}

function attemptBench(bench: Bench, snapshot: TaskData): AttemptBench {
  const { taskId, context: here, open, adopt } = bench;
  const startAt: AttemptBench['startAt'] = (index, value) => ({
    ...{ index, logs: 0, partials: 0, snapshot, nested: [] },
    ...(value !== undefined && { value }),
  });

  const tryTake: AttemptBench['tryTake'] = async ({ context = here, ...options } = {}) => {
    ok(context.take, 'The context cannot take tasks; name `attempts` in `without`.');
    const asker = { runner: 'any', definition, version, leaseMs: 10_000 };
    const taken = await context.take(taskId, { token: createTaskId(), ...asker, ...options });
    if (taken) adopt(taken.log);
    return taken;
  };

  return {
    ...bench,
    snapshot,
    startAt,
    tryTake,
    async openWork(work, options) {
      const frames = openingFrames(taskId, snapshot);
      const stored = { version, runner: 'any', attempts: 3, maxTotal: 100, maxWaitMs: 600_000 };
      return toRunning(
        await open({
          ...{ definition, frames, start: startAt(-1), work: { ...stored, ...work } },
          ...options,
        }),
      );
    },
    async take(options) {
      const taken = await tryTake(options);
      ok(taken, 'The task cannot be taken.');
      return { ...taken, log: toRunning(taken.log) };
    },
    checkpoint: async (log, index) =>
      log.checkpoint?.(checkpointChunk(taskId, index), startAt(index, `${index}`)),
  };
}

/** Makes a test of a task that may be attempted again; the task is over after the test. */
export function withAttempts<Given extends Bench>(
  test: (bench: Given & AttemptBench) => Promise<void>,
): (bench: Given) => ReturnType<BenchTest> {
  return async (bench) => {
    const now = Date.now();
    const { taskId } = bench;
    const snapshot: TaskData = { taskId, status: 'running', createdAt: now, updatedAt: now };
    await test({ ...bench, ...attemptBench(bench, snapshot) });
    // No log of a bench can end a task that waits.
    const { owner } = (await bench.elsewhere.inspect(taskId)) ?? {};
    await bench.elsewhere.cancel(taskId, { owner });
  };
}
