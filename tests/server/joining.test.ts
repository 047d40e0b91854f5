import { TaskError, type TaskSettlement } from 'ai-task-stream';
import { streamTask, type TaskStreamContext } from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { createDeferred, turns } from '../helpers/async';
import { storedChunksIn, typesIn, withoutHeartbeats } from '../helpers/sse';
import { createId, createOwnContext, follow, runToText, startOwnTask } from '../helpers/tasks';

async function refusalOf(response: Response) {
  return { status: response.status, body: await response.json() };
}

describe('a second streamTask with a taskId that exists', () => {
  it('joins the first, and execute runs once', async () => {
    const streamContext = createOwnContext();
    const taskId = createId();
    const gate = createDeferred<string>();
    const { task: first } = startOwnTask({ taskId, streamContext, execute: () => gate.promise });
    const execute = vi.fn();
    const onSettle = vi.fn();
    const { task: second } = startOwnTask({ taskId, streamContext, execute, onSettle });
    const responses = await Promise.all([first.toResponse(), second.toResponse()]);
    gate.resolve('once');
    const texts = await Promise.all(responses.map((response) => response.text()));
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    expect(texts.map(withoutHeartbeats)[1]).toBe(texts.map(withoutHeartbeats)[0]);
    await expect(second.result).resolves.toBe('once');
    expect(await second.consume()).toEqual(await first.consume());
    expect(execute).not.toHaveBeenCalled();
    expect(onSettle).not.toHaveBeenCalled();
  });

  it('lets exactly one of 50 at the same time run, and all get its result', async () => {
    const streamContext = createOwnContext();
    const taskId = createId();
    let runs = 0;
    const tasks = Array.from({ length: 50 }, (_, index) =>
      streamTask({
        taskId,
        streamContext,
        execute: async () => {
          runs++;
          await turns();
          return index;
        },
      }),
    );
    const results = await Promise.all(tasks.map(({ result }) => result));
    expect(runs).toBe(1);
    expect(new Set(results).size).toBe(1);
  });

  it('can cancel the first', async () => {
    const streamContext = createOwnContext();
    const taskId = createId();
    const { task: first } = startOwnTask({
      taskId,
      streamContext,
      graceMs: 0,
      execute: () => new Promise(() => {}),
    });
    const { task: second } = startOwnTask({ taskId, streamContext, execute: () => {} });
    expect(await second.cancel('Enough.')).toBe(true);
    expect(await first.consume()).toMatchObject({ status: 'cancelled' });
    await expect(second.result).rejects.toMatchObject({ code: 'cancelled', message: 'Enough.' });
  });

  it('replays the first when that has settled', async () => {
    const streamContext = createOwnContext();
    const taskId = createId();
    const first = await runToText({ taskId, streamContext, execute: () => 42 });
    const second = await runToText({ taskId, streamContext, execute: () => 43 });
    expect(withoutHeartbeats(second.text)).toBe(withoutHeartbeats(first.text));
    await expect(second.task.result).resolves.toBe(42);
  });

  it('sees no task when it is somebody else’s', async () => {
    const streamContext = createOwnContext();
    const taskId = createId();
    const execute = vi.fn();
    await runToText({ taskId, streamContext, owner: 'me', execute: () => 'secret' });
    for (const owner of [undefined, 'you', '']) {
      const { task } = startOwnTask({ taskId, streamContext, owner, execute });
      expect(await refusalOf(await task.toResponse())).toEqual({
        status: 404,
        body: {
          error: {
            code: 'not-found',
            message: 'There is no such task, or its log is no longer kept. Start it anew.',
          },
        },
      });
      expect(await task.cancel()).toBe(false);
      await expect(task.result).rejects.toMatchObject({ code: 'not-found' });
    }
    expect(execute).not.toHaveBeenCalled();
  });
});

describe('a malformed taskId', () => {
  it('is answered with 400, and execute does not run', async () => {
    const execute = vi.fn();
    const onSettle = vi.fn();
    const { task } = startOwnTask({ taskId: 'short', execute, onSettle });
    expect(await refusalOf(await task.toResponse())).toEqual({
      status: 400,
      body: {
        error: {
          code: 'invalid-task-id',
          message: 'A taskId is a string of 16 to 128 characters of A-Z, a-z, 0-9, "_" and "-".',
        },
      },
    });
    await expect(task.result).rejects.toMatchObject({ code: 'invalid-task-id' });
    await expect(task.consume()).rejects.toMatchObject({ code: 'invalid-task-id' });
    expect(await task.cancel()).toBe(false);
    expect(execute).not.toHaveBeenCalled();
    expect(onSettle).not.toHaveBeenCalled();
  });
});

describe('while the storage is away', () => {
  const away = new Error('connect ECONNREFUSED 10.0.0.7');
  const streamContext: TaskStreamContext = {
    ...createOwnContext(),
    open: () => Promise.reject(away),
    read: () => Promise.reject(away),
  };

  it('a task is refused with 503, Retry-After and context-unavailable, and does not run', async () => {
    const execute = vi.fn();
    const { task, reported } = startOwnTask({ streamContext, execute });
    const response = await task.toResponse();
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await refusalOf(response)).toEqual({
      status: 503,
      body: {
        error: {
          code: 'context-unavailable',
          message: 'The storage of tasks is away. Try again shortly.',
          retryable: true,
        },
      },
    });
    expect(execute).not.toHaveBeenCalled();
    expect(reported).toEqual([
      expect.objectContaining({ code: 'context-unavailable', cause: away }),
    ]);
    await expect(task.result).rejects.toMatchObject({ code: 'context-unavailable' });
  });

  it('runs all the same with whenUnavailable, visible to its own responses', async () => {
    const { text, task, reported } = await runToText({
      streamContext,
      whenUnavailable: 'run',
      execute: () => 42,
    });
    expect(typesIn(text).at(-1)).toBe('finish');
    await expect(task.result).resolves.toBe(42);
    expect(reported).toHaveLength(1);
  });

  it('can be cancelled with whenUnavailable, too', async () => {
    const { task } = startOwnTask({
      streamContext,
      whenUnavailable: 'run',
      graceMs: 0,
      execute: () => new Promise(() => {}),
    });
    expect(await task.cancel()).toBe(true);
    expect(await task.consume()).toMatchObject({ status: 'cancelled' });
  });

  it('to follow a task is answered with 503, too', async () => {
    const response = await follow(streamContext, createId());
    expect(response.headers.get('retry-after')).toBe('1');
    const { status, body } = await refusalOf(response);
    expect(status).toBe(503);
    expect(JSON.stringify(body)).not.toContain('10.0.0.7');
  });

  it('a refusal of the context’s own passes as it is', async () => {
    const own = new TaskError({ code: 'not-found', message: 'Mine.' });
    const { task } = startOwnTask({
      streamContext: { ...createOwnContext(), open: () => Promise.reject(own) },
      execute: () => {},
    });
    expect(await refusalOf(await task.toResponse())).toEqual({
      status: 404,
      body: { error: { code: 'not-found', message: 'Mine.' } },
    });
  });
});

describe('waitUntil', () => {
  it('gets one promise, which lasts until the task is saved', async () => {
    const gate = createDeferred();
    const promises: Promise<unknown>[] = [];
    let isDone = false;
    const { task } = startOwnTask({
      waitUntil: (promise) => {
        promises.push(promise);
        promise.then(() => {
          isDone = true;
        });
      },
      onSettle: () => gate.promise,
      execute: () => 1,
    });
    expect(promises).toHaveLength(1);
    await task.result;
    await turns();
    expect(isDone).toBe(false);
    gate.resolve();
    await Promise.all(promises);
    expect(isDone).toBe(true);
  });

  it('is not rejected by a task that fails or is refused', async () => {
    const promises: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>) => promises.push(promise);
    const failing = startOwnTask({
      waitUntil,
      execute: () => {
        throw new Error('one');
      },
    });
    startOwnTask({ waitUntil, taskId: 'short', execute: () => {} });
    await Promise.all(promises);
    expect(promises).toHaveLength(2);
    expect(failing.reported).toHaveLength(1);
  });
});

describe('execute', () => {
  it('starts at the claim, whether or not a response is asked for', async () => {
    const started = createDeferred();
    const { task } = startOwnTask({ execute: () => started.resolve() });
    await started.promise;
    await task.consume();
  });

  it('gets its input, the taskId and the name', async () => {
    const { task } = startOwnTask({
      input: { prompt: 'A cat' },
      taskId: 'given-0123456789abcdef',
      name: 'Draw',
      execute: ({ input, task: { taskId, name } }) => ({ ...input, taskId, name }),
    });
    await expect(task.result).resolves.toEqual({
      prompt: 'A cat',
      taskId: 'given-0123456789abcdef',
      name: 'Draw',
    });
  });
});

describe('consume', () => {
  it('gives the settlement, as the stream does, without reading the stream', async () => {
    const { task, text } = await runToText({ execute: () => 42 });
    const { data } = storedChunksIn(text).at(-2) as { data: TaskSettlement };
    expect(await task.consume()).toEqual(data);
  });
});

describe('a log that was closed by somebody else', () => {
  it('decides the outcome, and onSettle does not run', async () => {
    const context = createOwnContext();
    const onSettle = vi.fn();
    const lost = { status: 'failed', durationMs: 1, settledAt: 1 } as const;
    const streamContext: TaskStreamContext = {
      ...context,
      async open(taskId, options) {
        const log = await context.open(taskId, options);
        if (!log) return undefined;
        return {
          ...log,
          isBehind: false,
          signal: log.signal,
          async settle() {
            const data = {
              taskId,
              ...lost,
              error: { code: 'lost', message: 'Lost.', retryable: true },
            };
            await log.settle(
              [JSON.stringify({ type: 'data-task-settle', id: taskId, data })],
              'failed',
            );
            return false;
          },
        };
      },
    };
    const { task } = startOwnTask({ streamContext, onSettle, execute: () => 'mine' });
    await expect(task.result).rejects.toMatchObject({ code: 'lost' });
    expect(onSettle).not.toHaveBeenCalled();
  });
});
