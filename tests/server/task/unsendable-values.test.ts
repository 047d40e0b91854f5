import type { TaskLogData, TaskPartialData } from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { chunksIn, parseFrames, storedChunksIn, typesIn } from '../../helpers/sse';
import { runToText } from '../../helpers/tasks';
import { dataOf } from './data-of';

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
