import { TaskError, type TaskSettlement } from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { aborted } from '../../helpers/async';
import { relativeIds } from '../../helpers/cursors';
import {
  chunksIn,
  parseFrames,
  storedChunksIn,
  typesIn,
  withoutHeartbeats,
} from '../../helpers/sse';
import { runToText, startOwnTask } from '../../helpers/tasks';

const timed = { createdAt: expect.any(Number), updatedAt: expect.any(Number) };

const ended = { durationMs: expect.any(Number), settledAt: expect.any(Number) };

describe('a task that completes', () => {
  it('sends start, a running snapshot, the work, the final snapshot, settle and finish', async () => {
    const { task, text, response } = await runToText({
      name: 'Report',
      execute: ({ writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: 'Hello' });
        writer.write({ type: 'text-end', id: 't' });
        return { pages: 3 };
      },
    });
    const { taskId } = task;
    expect(storedChunksIn(text)).toEqual([
      { type: 'start' },
      {
        type: 'data-task',
        id: taskId,
        data: { taskId, name: 'Report', status: 'running', ...timed },
      },
      { type: 'text-start', id: 't' },
      { type: 'text-delta', id: 't', delta: 'Hello' },
      { type: 'text-end', id: 't' },
      {
        type: 'data-task',
        id: taskId,
        data: { taskId, name: 'Report', status: 'completed', ...timed },
      },
      {
        type: 'data-task-settle',
        id: taskId,
        data: { taskId, status: 'completed', result: { pages: 3 }, ...ended },
      },
      { type: 'finish' },
    ]);
    expect(parseFrames(relativeIds(withoutHeartbeats(text))).map(({ id }) => id)).toEqual([
      '0-0',
      '0-1',
      '0-2',
      '0-3',
      '0-4',
      '0-5',
      '0-6',
      '0-7',
      undefined,
    ]);
    expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-vercel-ai-ui-message-stream': 'v1',
      'x-accel-buffering': 'no',
      'x-task-id': taskId,
    });
    await expect(task.result).resolves.toEqual({ pages: 3 });
  });

  it('has exact bytes', async () => {
    const { task, text } = await runToText({
      taskId: 'exact-0123456789abcdef',
      execute: () => 42,
    });
    const { settledAt, durationMs } = await task.consume();
    const createdAt = settledAt - durationMs;
    const data = (status: string, updatedAt: number) =>
      `"data":{"taskId":"exact-0123456789abcdef","status":"${status}","createdAt":${createdAt},"updatedAt":${updatedAt}}`;
    expect(relativeIds(withoutHeartbeats(text))).toBe(
      [
        'retry: 1000\n\n',
        'id: 0-0\ndata: {"type":"start"}\n\n',
        `id: 0-1\ndata: {"type":"data-task","id":"exact-0123456789abcdef",${data('running', createdAt)}}\n\n`,
        `id: 0-2\ndata: {"type":"data-task","id":"exact-0123456789abcdef",${data('completed', settledAt)}}\n\n`,
        `id: 0-3\ndata: {"type":"data-task-settle","id":"exact-0123456789abcdef","data":{"taskId":"exact-0123456789abcdef","durationMs":${durationMs},"settledAt":${settledAt},"status":"completed","result":42}}\n\n`,
        'id: 0-4\ndata: {"type":"finish"}\n\n',
        'data: [DONE]\n\n',
      ].join(''),
    );
  });

  it('lets the headers of the host win, except for the name of the task', async () => {
    const { task } = startOwnTask({ execute: () => {} });
    const response = await task.toResponse({
      status: 201,
      headers: { 'X-Accel-Buffering': 'yes', 'x-task-id': 'forged', 'x-own': '1' },
    });
    await response.text();
    expect(response.status).toBe(201);
    expect(response.headers.get('x-accel-buffering')).toBe('yes');
    expect(response.headers.get('x-own')).toBe('1');
    expect(response.headers.get('x-task-id')).toBe(task.taskId);
  });

  it('settles without a result when execute returns nothing', async () => {
    const { text, task } = await runToText({ execute: () => {} });
    const settle = storedChunksIn(text).at(-2) as { data: TaskSettlement };
    expect(settle.data).not.toHaveProperty('result');
    await expect(task.result).resolves.toBeUndefined();
  });

  it.each([
    [undefined, undefined],
    [true, { big: 'result' }],
  ])(
    'in a chat with sendResult %s sends the result %j, and keeps it for the server',
    async (sendResult, sent) => {
      const { text, task } = await runToText({
        chatId: 'chat',
        sendResult,
        execute: () => ({ big: 'result' }),
      });
      const settle = storedChunksIn(text).at(-2) as { data: TaskSettlement };
      expect(settle.data.result).toEqual(sent);
      await expect(task.result).resolves.toEqual({ big: 'result' });
    },
  );

  it('in a chat may return what JSON cannot carry, since it is not sent', async () => {
    const returned = () => 1n;
    const { task, reported } = await runToText({ chatId: 'chat', execute: () => returned });
    await expect(task.result).resolves.toBe(returned);
    expect(reported).toEqual([]);
  });
});

describe('a task that fails', () => {
  it('sends the final snapshot, the error part, settle and the error of the AI SDK', async () => {
    const { task, text, reported } = await runToText({
      execute: () => {
        throw new TaskError({
          code: 'quota',
          message: 'Too many.',
          retryable: true,
          details: { limit: 3 },
        });
      },
    });
    const { taskId } = task;
    const error = { code: 'quota', message: 'Too many.', retryable: true, details: { limit: 3 } };
    expect(storedChunksIn(text)).toEqual([
      { type: 'start' },
      { type: 'data-task', id: taskId, data: { taskId, status: 'running', ...timed } },
      { type: 'data-task', id: taskId, data: { taskId, status: 'failed', ...timed } },
      { type: 'data-task-error', id: taskId, data: { taskId, ...error } },
      { type: 'data-task-settle', id: taskId, data: { taskId, status: 'failed', error, ...ended } },
      { type: 'error', errorText: 'Too many.' },
    ]);
    expect(chunksIn(text).at(-1)).toEqual({ type: 'error', errorText: 'Too many.' });
    await expect(task.result).rejects.toMatchObject(error);
    expect(reported).toHaveLength(1);
  });

  it('masks every other error, and hands the original to onError once', async () => {
    const secret = new Error('password=hunter2');
    const { task, text, reported } = await runToText({
      execute: async () => {
        throw secret;
      },
    });
    expect(reported).toEqual([secret]);
    expect(text).not.toContain('hunter2');
    expect(storedChunksIn(text).slice(-3)).toEqual([
      {
        type: 'data-task-error',
        id: task.taskId,
        data: {
          taskId: task.taskId,
          code: 'internal',
          message: 'The task failed.',
          retryable: false,
        },
      },
      {
        type: 'data-task-settle',
        id: task.taskId,
        data: {
          taskId: task.taskId,
          status: 'failed',
          error: { code: 'internal', message: 'The task failed.', retryable: false },
          ...ended,
        },
      },
      { type: 'error', errorText: 'The task failed.' },
    ]);
  });

  it.each([undefined, null, 'text', 7, { message: 'x' }])(
    'masks a thrown %j, too',
    async (thrown) => {
      const { text, reported } = await runToText({
        execute: () => {
          throw thrown;
        },
      });
      expect(reported).toEqual([thrown]);
      expect(storedChunksIn(text).at(-1)).toEqual({ type: 'error', errorText: 'The task failed.' });
    },
  );

  it('says what toTaskError makes of an error', async () => {
    class RateLimit extends Error {}
    const options = (thrown: Error) => ({
      toTaskError: (error: unknown) =>
        error instanceof RateLimit
          ? new TaskError({ code: 'rate-limit', message: 'Slow down.', retryable: true })
          : undefined,
      execute: () => {
        throw thrown;
      },
    });
    const limited = await runToText(options(new RateLimit('secret')));
    expect(storedChunksIn(limited.text).at(-1)).toEqual({ type: 'error', errorText: 'Slow down.' });
    await expect(limited.task.result).rejects.toMatchObject({
      code: 'rate-limit',
      retryable: true,
    });
    const other = await runToText(options(new Error('secret')));
    expect(storedChunksIn(other.text).at(-1)).toEqual({
      type: 'error',
      errorText: 'The task failed.',
    });
  });

  it('masks an error when toTaskError itself throws, and reports both', async () => {
    const thrown = new Error('one');
    const broken = new Error('two');
    const { text, reported } = await runToText({
      toTaskError: () => {
        throw broken;
      },
      execute: () => {
        throw thrown;
      },
    });
    expect(reported).toEqual([thrown, broken]);
    expect(typesIn(text).at(-1)).toBe('error');
  });

  it('leaves out the details of a TaskError that JSON cannot carry', async () => {
    const { text, task, reported } = await runToText({
      execute: () => {
        throw new TaskError({ code: 'mine', message: 'No.', details: { n: 1n } });
      },
    });
    expect(storedChunksIn(text).at(-3)).toEqual({
      type: 'data-task-error',
      id: task.taskId,
      data: { taskId: task.taskId, code: 'mine', message: 'No.', retryable: false },
    });
    expect(reported).toHaveLength(2);
  });

  it('settles though onError throws', async () => {
    const { error } = console;
    const printed: unknown[] = [];
    console.error = (...parts: unknown[]) => printed.push(parts);
    try {
      const { text } = await runToText({
        onError: () => {
          throw new Error('broken');
        },
        execute: () => {
          throw new Error('one');
        },
      });
      expect(typesIn(text).at(-1)).toBe('error');
      expect(printed).toHaveLength(1);
    } finally {
      console.error = error;
    }
  });

  it('is no unhandled rejection when nobody awaits anything', async () => {
    const { task, reported } = startOwnTask({
      execute: () => {
        throw new Error('one');
      },
    });
    // Looked at, never awaited.
    void task.result;
    await task.consume();
    expect(reported).toHaveLength(1);
  });
});

describe('a task that is cancelled', () => {
  it('sends the final snapshot, settle and the abort of the AI SDK', async () => {
    const { task } = startOwnTask({ execute: ({ signal }) => aborted(signal) });
    const response = await task.toResponse();
    expect(await task.cancel('Changed my mind.')).toBe(true);
    const text = await response.text();
    const { taskId } = task;
    const error = { code: 'cancelled', message: 'Changed my mind.', retryable: true };
    expect(storedChunksIn(text).slice(1)).toEqual([
      { type: 'data-task', id: taskId, data: { taskId, status: 'running', ...timed } },
      { type: 'data-task', id: taskId, data: { taskId, status: 'cancelled', ...timed } },
      {
        type: 'data-task-settle',
        id: taskId,
        data: { taskId, status: 'cancelled', error, ...ended },
      },
      { type: 'abort', reason: 'Changed my mind.' },
    ]);
    expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
    await expect(task.result).rejects.toMatchObject(error);
  });
});
