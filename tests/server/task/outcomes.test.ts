import { TaskError, type TaskSettlement } from 'ai-task-stream';
import {
  createMemoryStreamContext,
  createTaskRoute,
  defineTask,
  resumeTask,
  toResumableStreamContext,
} from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { aiVersions } from '../../helpers/ai-versions';
import { aborted } from '../../helpers/async';
import { relativeIds } from '../../helpers/cursors';
import {
  chunksIn,
  parseFrames,
  storedChunksIn,
  typesIn,
  withoutHeartbeats,
} from '../../helpers/sse';
import { createId, runToText, startOwnTask } from '../../helpers/tasks';

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

describe('the start chunk', () => {
  const assistant = { id: 'a', role: 'assistant' as const, parts: [] };
  const user = { id: 'u', role: 'user' as const, parts: [] };

  it.each([
    ['has no messageId when nobody gave one', {}, {}],
    ['carries the id that the page gave', { messageId: 'm' }, { messageId: 'm' }],
    [
      'keeps the id of a message that is continued',
      { messageId: 'm', originalMessages: [user, assistant] },
      { messageId: 'a' },
    ],
    [
      'takes no id from a message of the user',
      { taskId: 'the-id-of-a-task', originalMessages: [assistant, user] },
      { messageId: 'the-id-of-a-task' },
    ],
    [
      'takes the id of the page after a message of the user',
      { messageId: 'm', originalMessages: [user] },
      { messageId: 'm' },
    ],
  ])('%s', async (_name, options, expected) => {
    const { text } = await runToText({ ...options, execute: () => {} });
    expect(storedChunksIn(text)[0]).toEqual({ type: 'start', ...expected });
  });
});

describe('options', () => {
  it.each([
    [{ execute: undefined }, '`execute` must be a function.'],
    [{ heartbeatMs: 0 }, '`heartbeatMs` must be a number of milliseconds from 1 to 2147483647.'],
    [{ heartbeatMs: Number.NaN }, '`heartbeatMs` must be'],
    [{ deadlineMs: 0 }, '`deadlineMs` must be'],
    [{ deadlineMs: 2 ** 31 }, '`deadlineMs` must be'],
    [{ graceMs: -1 }, '`graceMs` must be'],
    [{ progressIntervalMs: -1 }, '`progressIntervalMs` must be'],
    [{ steps: { a: -1 } }, 'The weight of the step `a` must be'],
    [{ steps: { a: Number.POSITIVE_INFINITY } }, 'The weight of the step `a` must be'],
  ])('like %j are refused at once, and the message names the option', (options, message) => {
    const start = () => startOwnTask({ execute: () => {}, ...options } as never);
    expect(start).toThrow(message);
    expect(start).toThrow(expect.objectContaining({ code: 'invalid-options' }));
  });

  it.each([0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 1e12, '5' as never])(
    'that give an interval which no timer takes are refused wherever there are some: %s',
    (heartbeatMs) => {
      const error = expect.objectContaining({
        code: 'invalid-options',
        message: expect.stringContaining('`heartbeatMs` must be'),
      });
      const streamContext = createMemoryStreamContext();
      const task = defineTask({ name: 'timed', execute: () => 1 });
      const timed = defineTask({ name: 'timed', heartbeatMs, execute: () => 1 });
      expect(() => createTaskRoute(task, { heartbeatMs })).toThrow(error);
      expect(() => createTaskRoute(timed)).toThrow(error);
      expect(() => resumeTask({ taskId: 'x', streamContext, heartbeatMs })).toThrow(error);
      expect(() => toResumableStreamContext(streamContext, { heartbeatMs })).toThrow(error);
    },
  );

  it('that give a retention may be any number of 0 or more', () => {
    for (const retentionMs of [Number.NaN, -1, '5' as never]) {
      expect(() => createMemoryStreamContext({ retentionMs })).toThrow('`retentionMs` must be');
    }
    for (const retentionMs of [0, 2 ** 40, Number.POSITIVE_INFINITY]) {
      expect(() => createMemoryStreamContext({ retentionMs })).not.toThrow();
    }
  });

  it('take 0 for the grace and for the progress interval', async () => {
    const { text } = await runToText({ graceMs: 0, progressIntervalMs: 0, execute: () => {} });
    expect(typesIn(text).at(-1)).toBe('finish');
  });
});

const everything = () =>
  runToText({
    taskId: createId(),
    name: 'Everything',
    messageId: 'm',
    steps: { prepare: 10, render: 90 },
    progressIntervalMs: 0,
    execute: async ({ task, writer }) => {
      await task.step('prepare', (step) => step.progress({ value: 1, total: 2, message: 'Half' }));
      task.progress({ value: 1 });
      task.log('Connecting …');
      task.log({ level: 'warning', message: 'Slow' });
      task.partial({ page: 1 });
      task.partial(null);
      writer.write({ type: 'start', messageMetadata: { model: 'x' } });
      writer.write({ type: 'start-step' });
      writer.write({ type: 'reasoning-start', id: 'r' });
      writer.write({ type: 'reasoning-delta', id: 'r', delta: 'Hm' });
      writer.write({ type: 'text-start', id: 't' });
      writer.write({ type: 'text-delta', id: 't', delta: 'Hello' });
      writer.write({ type: 'tool-input-start', toolCallId: 'c', toolName: 'search' });
      writer.write({ type: 'data-weather', data: { degrees: 20 } } as never);
      writer.write({ type: 'finish', finishReason: 'stop', messageMetadata: { tokens: 3 } });
      await task.step('render', () => {});
      return { done: true };
    },
  });

describe.each(aiVersions)('AI SDK $version', ({ validateChunk, readMessage, parseBody }) => {
  it('takes every chunk of a run that uses everything', async () => {
    const { text } = await everything();
    const chunks = chunksIn(text);
    expect(chunks.some(({ type }) => type === 'data-task-heartbeat')).toBe(true);
    for (const chunk of chunks) await validateChunk(chunk);
  });

  it('takes every chunk of a run that failed and of one that was cancelled', async () => {
    const failed = await runToText({
      execute: ({ writer }) => {
        writer.write({ type: 'tool-input-available', toolCallId: 'c', toolName: 's', input: {} });
        throw new TaskError({ message: 'No.', details: [1] });
      },
    });
    const cancelled = await runToText({ abortSignal: AbortSignal.abort('Why'), execute: () => {} });
    for (const { text } of [failed, cancelled]) {
      for (const chunk of chunksIn(text)) await validateChunk(chunk);
    }
  });

  it('understands the stream with its own parser and its own reader', async () => {
    const { text, task } = await everything();
    const { body } = new Response(text);
    if (!body) throw new Error('There is no body.');
    const errors: unknown[] = [];
    const message = await readMessage(await parseBody(body), {
      onError: (error) => errors.push(error),
    });
    expect(errors).toEqual([]);
    expect(message).toMatchObject({
      id: 'm',
      role: 'assistant',
      metadata: { model: 'x', tokens: 3 },
    });
    expect(message?.parts.map(({ type }) => type)).toEqual([
      'data-task',
      'step-start',
      'reasoning',
      'text',
      'tool-search',
      'data-weather',
      'data-task-settle',
    ]);
    expect(message?.parts[0]).toMatchObject({
      id: task.taskId,
      data: {
        status: 'completed',
        steps: [
          { name: 'prepare', weight: 10, status: 'completed' },
          { name: 'render', weight: 90, status: 'completed' },
        ],
      },
    });
    expect(message?.parts[3]).toMatchObject({ text: 'Hello', state: 'done' });
    expect(message?.parts[4]).toMatchObject({ state: 'output-error' });
    expect(message?.parts[6]).toMatchObject({ data: { result: { done: true } } });
  });
});
