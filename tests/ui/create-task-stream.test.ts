import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import type { TaskTypes } from '../../src/protocol/task-types';
import { createTaskStream, type TaskTransformer } from '../../src/ui';
import { frame, partial, record, recording, settle, snapshot, taskId } from '../helpers/recording';
import { sendAndCut, sendError, sendHead } from '../helpers/wire-server';
import { closed, createStore, reached, serve } from './helpers';

describe('createTaskStream', () => {
  it('opens no connection by itself, and starts in the initial state', async () => {
    const server = await serve((response) => sendError(response, 500));
    const { store } = createStore({ api: server.api });
    expect(store.getState()).toMatchObject({
      status: 'idle',
      connection: 'idle',
      isActive: false,
      isStalled: false,
      logs: [],
      partials: [],
      message: { role: 'assistant', parts: [] },
    });
    expect(server.requests).toHaveLength(0);
  });

  it('shows progress, percent, remaining time and the message while the task runs', async () => {
    const server = await serve((response) => {
      const frames = recording.chunks.slice(0, 7).map((chunk, n) => frame(n, chunk));
      sendHead(response).write(frames.join(''));
    });
    const { store } = createStore({ api: server.api });
    void store.start('x', { taskId });
    expect(store.getState()).toMatchObject({ taskId, connection: 'connecting', isActive: true });
    await reached(store, ({ progress }) => progress !== undefined);
    expect(store.getState()).toMatchObject({
      status: 'running',
      connection: 'connected',
      isActive: true,
      percent: 25,
      remainingMs: 300,
      partials: [{ n: 0 }],
      message: { id: 'message-1', metadata: { a: 1 } },
    });
    expect(store.getState().message.parts).toContainEqual({
      type: 'text',
      text: 'Grüße ',
      state: 'streaming',
    });
  });

  it('names the task itself, anew with each start', async () => {
    const server = await serve((response) => sendError(response, 400));
    const { store } = createStore({ api: server.api });
    const ids = [await store.start(1), await store.start(2)].map((end) => end.taskId);
    expect(new Set(ids).size).toBe(2);
    expect(server.requests.map(({ body }) => JSON.parse(body))).toEqual([
      { taskId: ids[0], input: 1 },
      { taskId: ids[1], input: 2 },
    ]);
  });

  it('starts a task that takes no input without one', async () => {
    const server = await serve((response) => sendError(response, 400));
    for (const transformer of [undefined, JSON as TaskTransformer]) {
      const { store } = createStore({ api: server.api, transformer });
      const { taskId } = await store.start();
      expect(JSON.parse(server.requests.at(-1)?.body ?? '')).toEqual({ taskId });
    }
  });

  it('resolves with a failed settlement, and reports the error once', async () => {
    const error = { code: 'quota', message: 'Too much.', retryable: true };
    const { bytesAfter } = record([
      snapshot(),
      { type: 'data-task-error', id: taskId, data: { taskId, ...error } } as { type: string },
      settle({ status: 'failed', error }),
      { type: 'error', errorText: error.message } as { type: string },
    ]);
    for (const cut of [undefined, 400]) {
      const server = await serve((response, { headers }) => {
        const rest = bytesAfter(headers['last-event-id'] as string | undefined);
        if (cut && headers['last-event-id'] === undefined)
          return sendAndCut(response, rest.subarray(0, cut));
        sendHead(response).end(rest);
      });
      const { store, calls } = createStore({ api: server.api });
      expect(await store.start('x', { taskId })).toMatchObject({ status: 'failed', error });
      await closed(store);
      expect(store.getState()).toMatchObject({ status: 'failed', error, isActive: false });
      expect(calls).toEqual([
        ['error', 'quota'],
        ['settle', 'failed'],
      ]);
    }
  });

  it('does not reject when the input cannot be written', async () => {
    const { store } = createStore({ api: 'http://127.0.0.1:9' });
    const end = await store.start(1n, { taskId });
    expect(end).toMatchObject({ status: 'unsettled', taskId, error: { code: 'unserializable' } });
    expect(store.getState()).toMatchObject({ connection: 'closed', isActive: false });
  });

  it('goes on when a callback or a listener throws', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const server = await serve((response) => sendHead(response).end(recording.bytesAfter()));
    const { store } = createStore({
      api: server.api,
      onPartial() {
        throw new Error('from a callback');
      },
    });
    store.subscribe(() => {
      throw new Error('from a listener');
    });
    expect((await store.start('x', { taskId })).status).toBe('completed');
    await vi.waitUntil(() => store.getState().connection === 'closed');
    expect(server.requests).toHaveLength(1);
    expect(report).toHaveBeenCalled();
    report.mockRestore();
  });

  it('sends and revives values with the transformer', async () => {
    const transformer = {
      stringify: (value: unknown) => `!${JSON.stringify(value)}`,
      parse: (text: string) => ({ parsed: JSON.parse(text.slice(1)) }),
    };
    const { bytesAfter } = record([
      snapshot(),
      partial(0, '![1]'),
      settle({ result: '!{"a":1}' }),
      { type: 'finish' },
    ]);
    const server = await serve((response) => sendHead(response).end(bytesAfter()));
    const { store, calls } = createStore({ api: server.api, transformer });
    const end = await store.start({ b: 2 }, { taskId });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ taskId, input: '!{"b":2}' });
    expect(end).toMatchObject({ result: { parsed: { a: 1 } } });
    expect(store.getState().partials).toEqual([{ parsed: [1] }]);
    expect(calls[0]).toEqual(['partial', 0, { parsed: [1] }]);
  });

  it('takes a relative address and passes credentials on', async () => {
    const asked: [unknown, RequestInit | undefined][] = [];
    const { store } = createStore({
      api: '/api/task?x=1',
      credentials: 'include',
      fetch: async (url, init) => {
        asked.push([url, init]);
        return asked.length === 1
          ? Promise.reject(new TypeError('Failed to fetch'))
          : new Response(null, { status: 204 });
      },
    });
    await store.start('x', { taskId });
    await store.resume('another-task-0123');
    expect(asked.map(([url]) => url)).toEqual([
      '/api/task?x=1',
      '/api/task?x=1',
      '/api/task?x=1&taskId=another-task-0123',
    ]);
    expect(asked.every(([, init]) => init?.credentials === 'include')).toBe(true);
  });
});

describe('types', () => {
  type Generate = TaskTypes<{ prompt: string }, { at: Date; pages: Map<string, number> }, Date>;

  it('come from the task, as JSON makes them', () => {
    const store = createTaskStream<Generate>({
      api: '/api',
      onPartial: (value) => expectTypeOf(value).toEqualTypeOf<string>(),
    });
    expectTypeOf(store.start).parameter(0).toEqualTypeOf<{ prompt: string }>();
    type Result = NonNullable<ReturnType<typeof store.getState>['result']>;
    expectTypeOf<Result['at']>().toEqualTypeOf<string>();
    expectTypeOf<Result['pages']>().toEqualTypeOf<Record<string, never>>();
  });

  it('come from the task as they are when there is a transformer', () => {
    const transformer = { stringify: String, parse: (text: string) => text };
    const store = createTaskStream<Generate>({ api: '/api', transformer });
    type Result = NonNullable<ReturnType<typeof store.getState>['result']>;
    expectTypeOf<Result['at']>().toEqualTypeOf<Date>();
    expectTypeOf(store.getState().partials).toEqualTypeOf<readonly Date[]>();
  });

  it('are unknown without a task', () => {
    const store = createTaskStream({ api: '/api' });
    expectTypeOf(store.start).parameter(0).toEqualTypeOf<unknown>();
    expectTypeOf(store.getState().result).toEqualTypeOf<unknown>();
  });
});
