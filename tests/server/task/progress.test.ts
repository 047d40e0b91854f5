import type { TaskData } from 'ai-task-stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDeferred, turns } from '../../helpers/async';
import { relativeEnd } from '../../helpers/cursors';
import { readLog, runToText, startOwnTask } from '../../helpers/tasks';
import { dataOf } from './data-of';

async function snapshotsIn(...log: Parameters<typeof readLog>): Promise<TaskData[]> {
  const chunks = (await readLog(...log)).map((json) => JSON.parse(json));
  return chunks.filter(({ type }) => type === 'data-task').map(({ data }) => data);
}

describe('progress', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sends at most one snapshot per interval, the newest in any case', async () => {
    const { task, streamContext } = startOwnTask({
      execute: async ({ task }) => {
        for (let value = 1; value <= 100; value++) {
          task.progress({ value, total: 100 });
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      },
    });
    await turns();
    await vi.advanceTimersByTimeAsync(3_000);
    await task.result;
    const snapshots = await snapshotsIn(streamContext, task.taskId);
    expect(snapshots.map(({ progress }) => progress?.value)).toEqual([
      undefined,
      10,
      20,
      30,
      40,
      50,
      60,
      70,
      80,
      90,
      100,
      100,
    ]);
    const times = snapshots.slice(0, -1).map(({ updatedAt, createdAt }) => updatedAt - createdAt);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('sends at once what comes after a quiet interval', async () => {
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      progressIntervalMs: 250,
      execute: async ({ task }) => {
        await new Promise((resolve) => setTimeout(resolve, 250));
        task.progress({ value: 1 });
        await gate.promise;
      },
    });
    await turns();
    await vi.advanceTimersByTimeAsync(250);
    expect(await relativeEnd(streamContext, task.taskId)).toBe('0-2');
    gate.resolve();
    await task.result;
  });

  it('is flushed before settle, and no snapshot follows', async () => {
    const { task, streamContext } = startOwnTask({
      execute: ({ task }) => {
        task.progress({ value: 1, total: 3, message: 'One' });
        task.progress({ value: 2, total: 3, message: 'Two' });
      },
    });
    await task.result;
    await vi.advanceTimersByTimeAsync(10_000);
    const snapshots = await snapshotsIn(streamContext, task.taskId);
    expect(snapshots.map(({ status, progress }) => ({ status, progress }))).toEqual([
      { status: 'running', progress: undefined },
      { status: 'completed', progress: { value: 2, total: 3, message: 'Two' } },
    ]);
    // The one that is left drops the log after its retention.
    expect(vi.getTimerCount()).toBe(1);
  });

  it('goes on when the clock is set back', async () => {
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      execute: async ({ task }) => {
        vi.setSystemTime(Date.now() - 3_600_000);
        task.progress({ value: 1 });
        await gate.promise;
      },
    });
    await turns();
    await vi.advanceTimersByTimeAsync(100);
    expect(await relativeEnd(streamContext, task.taskId)).toBe('0-2');
    gate.resolve();
    await task.result;
  });
});

describe('progress without pacing', () => {
  it.each([
    [{ value: 3 }, { value: 3 }],
    [
      { value: 3, total: 10, message: 'Rendering 3 of 10' },
      { value: 3, total: 10, message: 'Rendering 3 of 10' },
    ],
    [{ value: 3, total: undefined, extra: 1n }, { value: 3 }],
  ])('carries %o as it is', async (given, sent) => {
    const { text } = await runToText({
      progressIntervalMs: 0,
      execute: ({ task }) => task.progress(given),
    });
    expect(dataOf<TaskData>(text, 'data-task').at(-1)?.progress).toEqual(sent);
  });

  it.each([
    { value: Number.NaN },
    { value: Number.POSITIVE_INFINITY },
    { value: 1, total: Number.NaN },
    { value: '3' },
  ])(
    'leaves out %o, which JSON cannot carry, tells onError, and the task goes on',
    async (given) => {
      const { text, task, reported } = await runToText({
        progressIntervalMs: 0,
        execute: ({ task }) => {
          task.progress({ value: 1 });
          task.progress(given as never);
          return 'done';
        },
      });
      await expect(task.result).resolves.toBe('done');
      expect(reported).toEqual([expect.objectContaining({ code: 'invalid-input' })]);
      expect(dataOf<TaskData>(text, 'data-task').at(-1)?.progress).toEqual({ value: 1 });
    },
  );
});

describe('steps', () => {
  it('are listed with their weights from the start, and go from pending to completed', async () => {
    const { task, streamContext } = startOwnTask({
      progressIntervalMs: 0,
      steps: { validate: 10, process: 70, finalize: 20 },
      execute: async ({ task }) => {
        const returned = await task.step('validate', () => 'valid');
        expect(returned).toBe('valid');
        await task.step('process', async (step) => {
          step.progress({ value: 1, total: 2 });
          task.progress({ value: 2, total: 2, message: 'All' });
        });
        await task.step('finalize', () => {});
      },
    });
    await task.result;
    const steps = (await snapshotsIn(streamContext, task.taskId)).map((data) =>
      data.steps?.map(({ status, progress }) => (progress ? [status, progress.value] : status)),
    );
    expect(steps).toEqual([
      ['pending', 'pending', 'pending'],
      ['running', 'pending', 'pending'],
      ['completed', 'pending', 'pending'],
      ['completed', 'running', 'pending'],
      ['completed', ['running', 1], 'pending'],
      ['completed', ['running', 2], 'pending'],
      ['completed', ['completed', 2], 'pending'],
      ['completed', ['completed', 2], 'running'],
      ['completed', ['completed', 2], 'completed'],
      ['completed', ['completed', 2], 'completed'],
    ]);
  });

  it('that throw are marked as failed, and the error goes on', async () => {
    const { text, task } = await runToText({
      steps: { a: 1, b: 1 },
      execute: ({ task }) =>
        task.step('a', () => {
          throw new Error('secret');
        }),
    });
    await expect(task.result).rejects.toMatchObject({ code: 'internal' });
    expect(dataOf<TaskData>(text, 'data-task').at(-1)?.steps).toEqual([
      { name: 'a', weight: 1, status: 'failed' },
      { name: 'b', weight: 1, status: 'pending' },
    ]);
  });

  it('that were not declared are an error, which names those that were', async () => {
    const { task } = await runToText({
      steps: { a: 1, b: 1 },
      execute: ({ task }) => task.step('c' as 'a', () => {}),
    });
    await expect(task.result).rejects.toMatchObject({
      code: 'unknown-step',
      message: 'There is no step `c`. Declare it in `steps`, beside a, b.',
    });
  });

  it('need not be declared; then they are listed as they start, without a weight', async () => {
    const { text } = await runToText({
      execute: async ({ task }) => {
        await task.step('first', () => {});
        await task.step('second', () => {});
      },
    });
    expect(dataOf<TaskData>(text, 'data-task').at(-1)?.steps).toEqual([
      { name: 'first', weight: 0, status: 'completed' },
      { name: 'second', weight: 0, status: 'completed' },
    ]);
  });

  it('may run side by side, each with progress of its own', async () => {
    const { text } = await runToText({
      steps: { a: 1, b: 1 },
      execute: ({ task }) =>
        Promise.all([
          task.step('a', async (step) => {
            await turns();
            step.progress({ value: 1, total: 4 });
          }),
          task.step('b', async (step) => {
            step.progress({ value: 3, total: 4 });
            await turns();
          }),
        ]).then(() => {}),
    });
    const steps = dataOf<TaskData>(text, 'data-task').at(-1)?.steps;
    expect(steps?.map(({ progress }) => progress)).toEqual([
      { value: 1, total: 4 },
      { value: 3, total: 4 },
    ]);
  });
});
