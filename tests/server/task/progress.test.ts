import type { TaskData, TaskLogData, TaskPartialData } from 'ai-task-stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDeferred, turns } from '../../helpers/async';
import { relativeEnd } from '../../helpers/cursors';
import { chunksIn, parseFrames, storedChunksIn, typesIn } from '../../helpers/sse';
import { readLog, runToText, startOwnTask } from '../../helpers/tasks';

function dataOf<Data>(text: string, type: string): Data[] {
  return storedChunksIn(text).flatMap((chunk) =>
    chunk.type === type ? (chunk as { data: Data }).data : [],
  );
}

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

describe('log lines and partial results', () => {
  it('count from 0, each by itself, and are transient', async () => {
    const { text, task } = await runToText({
      execute: ({ task }) => {
        task.log('Connecting …');
        task.partial({ page: 1 });
        task.log({ level: 'warning', message: 'Slow' });
        task.log({ message: 'No level' });
        task.partial(null);
        task.log({ level: 'error', message: 'Bad' });
      },
    });
    const { taskId } = task;
    const at = expect.any(Number);
    const own = storedChunksIn(text).filter(({ type }) => /-(log|partial)$/.test(type));
    expect(own).toEqual([
      {
        type: 'data-task-log',
        id: `${taskId}:0`,
        data: { taskId, index: 0, level: 'info', message: 'Connecting …', at },
        transient: true,
      },
      {
        type: 'data-task-partial',
        id: `${taskId}:0`,
        data: { taskId, index: 0, value: { page: 1 } },
        transient: true,
      },
      {
        type: 'data-task-log',
        id: `${taskId}:1`,
        data: { taskId, index: 1, level: 'warning', message: 'Slow', at },
        transient: true,
      },
      {
        type: 'data-task-log',
        id: `${taskId}:2`,
        data: { taskId, index: 2, level: 'info', message: 'No level', at },
        transient: true,
      },
      {
        type: 'data-task-partial',
        id: `${taskId}:1`,
        data: { taskId, index: 1, value: null },
        transient: true,
      },
      {
        type: 'data-task-log',
        id: `${taskId}:3`,
        data: { taskId, index: 3, level: 'error', message: 'Bad', at },
        transient: true,
      },
    ]);
  });

  it('are encoded by the transformer, like the result; log lines are not', async () => {
    const { text, task } = await runToText({
      transformer: { stringify: (value) => `<${String(value)}>` },
      execute: ({ task }) => {
        task.log('plain');
        task.partial(1n);
        return 2n;
      },
    });
    expect(dataOf<TaskPartialData>(text, 'data-task-partial')[0]?.value).toBe('<1>');
    expect(dataOf<TaskLogData>(text, 'data-task-log')[0]?.message).toBe('plain');
    expect(dataOf<{ result: string }>(text, 'data-task-settle')[0]?.result).toBe('<2>');
    await expect(task.result).resolves.toBe(2n);
  });

  it('never break a frame, whatever characters they hold', async () => {
    const message = 'a\nb\r\nc\u2028d\u0000"\\\ud83d😀\n\ndata: [DONE]\n\nid: 0-99\n';
    const { text } = await runToText({ execute: ({ task }) => task.log(message) });
    expect(dataOf<TaskLogData>(text, 'data-task-log')[0]?.message).toBe(message);
    expect(text).not.toContain('\r');
    expect(parseFrames(text).filter(({ data }) => data === '[DONE]')).toHaveLength(1);
  });
});

describe('values that JSON cannot carry', () => {
  const cyclic: Record<string, unknown> = { list: [{}] };
  (cyclic.list as Record<string, unknown>[])[0] = { 'a name': cyclic };
  class Broken {
    get name(): string {
      throw new Error('secret');
    }
  }

  const values: [string, unknown, string, string][] = [
    ['a bigint', 1n, '', 'a bigint'],
    ['a bigint inside', { rows: [{ id: 1 }, { id: 2n }] }, '.rows[1].id', 'a bigint'],
    ['a cycle', cyclic, '.list[0]["a name"]', 'a circular reference'],
    [
      'a getter that throws',
      {
        item: {
          get name() {
            throw new Error('secret');
          },
        },
      },
      '.item',
      'a value whose getter or toJSON throws',
    ],
    [
      'a toJSON that throws',
      {
        item: {
          toJSON() {
            throw new Error('secret');
          },
        },
      },
      '.item',
      'a value whose getter or toJSON throws',
    ],
    ['a toJSON that gives a bigint', { item: { toJSON: () => 1n } }, '.item', 'a bigint'],
    [
      'a toJSON that hides a bigint',
      { item: { toJSON: () => ({ n: [1n] }) } },
      '.item.n[0]',
      'a bigint',
    ],
    ['a function', () => {}, '', 'a function'],
    ['a symbol', Symbol('s'), '', 'a symbol'],
  ];

  it.each(values)(
    'fail the task when its result is %s, and the path is named',
    async (_name, value, path, what) => {
      const { task, text, reported } = await runToText({ execute: () => value });
      expect(await task.consume()).toMatchObject({
        status: 'failed',
        error: {
          code: 'unserializable',
          message: `\`result${path}\` is ${what}, which JSON cannot carry. Convert it before it is sent.`,
          retryable: false,
          details: { path: `result${path}` },
        },
      });
      expect(typesIn(text)).toEqual([
        'start',
        'data-task',
        'data-task',
        'data-task-error',
        'data-task-settle',
        'error',
      ]);
      expect(text).not.toContain('secret');
      expect(reported).toHaveLength(1);
    },
  );

  it.each(values)('fail the task when a partial result is %s', async (_name, value, path) => {
    const { task, text } = await runToText({
      execute: ({ task }) => {
        task.partial('fine');
        task.partial(value);
      },
    });
    await expect(task.result).rejects.toMatchObject({
      code: 'unserializable',
      details: { path: `partials[1]${path}` },
    });
    expect(dataOf<TaskPartialData>(text, 'data-task-partial')).toHaveLength(1);
  });

  it('leave no hole when execute catches the error and goes on', async () => {
    const { task, text } = await runToText({
      execute: ({ task }) => {
        expect(() => task.partial(new Broken() && 1n)).toThrow('partials[0]');
        task.partial('fine');
        return 'done';
      },
    });
    await expect(task.result).resolves.toBe('done');
    expect(dataOf<TaskPartialData>(text, 'data-task-partial')).toEqual([
      { taskId: task.taskId, index: 0, value: 'fine' },
    ]);
  });

  it('are refused by the writer, too, and the stream is unharmed', async () => {
    const { task, text } = await runToText({
      execute: ({ writer }) => {
        const chunk = { type: 'data-x', data: { n: 1n } } as const;
        expect(() => writer.write(chunk)).toThrow('`chunk.data.n` is a bigint');
        const metadata = { type: 'start', messageMetadata: { n: 1n } } as const;
        expect(() => writer.write(metadata)).toThrow('`messageMetadata.n` is a bigint');
        return 'done';
      },
    });
    await expect(task.result).resolves.toBe('done');
    expect(chunksIn(text).some(({ type }) => type === 'data-x')).toBe(false);
  });
});
