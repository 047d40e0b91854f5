// Attempts that may run in their process for so long only.
import { defineTask, type TaskSettleEvent, type TaskStreamContext } from 'ai-task-stream/server';
import { createManualClock } from 'ai-task-stream/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeTask } from '../../../src/server/take-task';
import { createRunTime } from '../../../src/server/task/run-time';
import { createSharedMemory } from '../../helpers/shared-memory';
import { createOwnContext } from '../../helpers/tasks';

let clock: ReturnType<typeof createManualClock>;

beforeEach(() => {
  clock = createManualClock();
});

afterEach(() => clock.uninstall());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A task of some steps, each with a checkpoint behind it; `runs` has the attempts and their steps. */
function defineSteps({
  count,
  stepMs,
  keeps = true,
  retry = {},
}: {
  count: number;
  stepMs: number;
  keeps?: boolean;
  retry?: object;
}) {
  const settled: TaskSettleEvent<unknown>[] = [];
  const runs: number[][] = [];
  const reasons: unknown[] = [];
  const definition = defineTask({
    name: 'steps',
    maxRunMs: 1_000,
    graceMs: 200,
    retry,
    onError: () => {},
    onSettle: (event) => {
      settled.push(event);
    },
    execute: async ({ task, signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      for (let step = Number(task.lastCheckpoint ?? 0); step < count; step++) {
        signal.throwIfAborted();
        runs.push([task.attempt, step]);
        await pause(stepMs);
        if (keeps) await task.checkpoint(step + 1);
      }
    },
  });
  return { definition, settled, runs, reasons };
}

describe('a task with `maxRunMs`', () => {
  it('is handed over before its time is over, and goes on in the same process, for ever (R-RUN-1)', async () => {
    const { definition, settled, runs, reasons } = defineSteps({ count: 12, stepMs: 300 });
    const { taskId } = definition.start(undefined, { streamContext: createOwnContext() });
    await clock.advance(799);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    expect(reasons).toMatchObject([{ name: 'TimeoutError', cause: { code: 'timeout' } }]);
    await clock.advance(10_000);
    expect(settled).toMatchObject([{ taskId, status: 'completed' }]);
    // Three steps fit into each attempt: the third ends within the grace.
    expect(runs.map(([attempt]) => attempt)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
    expect(runs.map(([, step]) => step)).toEqual([...runs.keys()]);
  });

  it('has as many attempts as it may in all (R-RUN-1)', async () => {
    const { definition, settled, runs } = defineSteps({
      ...{ count: 100, stepMs: 300 },
      retry: { maxTotal: 3 },
    });
    definition.start(undefined, { streamContext: createOwnContext() });
    await clock.advance(60_000);
    expect(runs).toHaveLength(9);
    expect(settled).toMatchObject([{ status: 'failed', error: { code: 'timeout' } }]);
  });

  it('fails when one of its steps takes longer, after its attempts, though it listens to nothing (R-RUN-1)', async () => {
    const { definition, settled, runs } = defineSteps({ count: 1, stepMs: 5_000, keeps: false });
    definition.start(undefined, { streamContext: createOwnContext() });
    await clock.advance(2_500);
    expect([runs, settled]).toEqual([
      [
        [1, 0],
        [2, 0],
        [3, 0],
      ],
      [],
    ]);
    await clock.advance(10_000);
    expect(settled).toMatchObject([
      { status: 'failed', error: { code: 'timeout', retryable: true } },
    ]);
    expect(runs).toHaveLength(3);
  });

  it('is left to others when that is the time of an invocation (R-RUN-1)', async () => {
    const connect = createSharedMemory();
    const { definition, settled, runs } = defineSteps({ count: 4, stepMs: 300 });
    const first = connect();
    const { taskId } = definition.start(undefined, { streamContext: first });
    await clock.advance(100);
    void first.drain?.({ timeoutMs: 0 });
    await clock.advance(10);
    expect(await connect().inspect(taskId)).toMatchObject({ isWaiting: true, attempt: 1 });
    const invoke = (streamContext: TaskStreamContext) =>
      takeTask(definition, taskId, { streamContext, runMs: 500, isInvocation: true });
    await invoke(connect());
    await clock.advance(2_000);
    expect(runs).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(await connect().inspect(taskId)).toMatchObject({ isWaiting: true, attempt: 2 });
    await takeTask(definition, taskId, { streamContext: connect() });
    await clock.advance(5_000);
    expect(settled).toMatchObject([{ status: 'completed' }]);
  });
});

describe('the time of an invocation', () => {
  it('is that of all attempts in it, and allows another one while half of it is left', async () => {
    const time = createRunTime({ runMs: 1_000, isInvocation: true });
    expect([time.forAttempt(), time.allowsAnother()]).toEqual([1_000, true]);
    await clock.advance(499);
    expect([time.forAttempt(), time.allowsAnother()]).toEqual([501, true]);
    await clock.advance(1);
    expect([time.forAttempt(), time.allowsAnother()]).toEqual([500, false]);
    await clock.advance(1_000);
    expect([time.forAttempt(), time.allowsAnother()]).toEqual([0, false]);
  });

  it('is over when an attempt had to end, even if a timer was early', () => {
    const time = createRunTime({ runMs: 1_000, isInvocation: true });
    time.noteOver();
    expect(time.allowsAnother()).toBe(false);
  });

  it('is the time of each attempt where the process stays', async () => {
    const time = createRunTime({ runMs: 1_000 });
    await clock.advance(5_000);
    time.noteOver();
    expect([time.forAttempt(), time.allowsAnother()]).toEqual([1_000, true]);
    expect(createRunTime({}).forAttempt()).toBeUndefined();
  });
});
