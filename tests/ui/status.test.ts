import { describe, expect, it } from 'vitest';
import { createDeferred } from '../helpers/async';
import { frame, record, settle, snapshot, taskId } from '../helpers/recording';
import { eventStream, scriptFetch } from '../helpers/scripted-fetch';
import { sendAndCut, sendError, sendHead } from '../helpers/wire-server';
import { closed, createStore, reached, serve } from './helpers';

const running = frame(
  0,
  snapshot({ progress: { value: 1, total: 2 }, createdAt: 1000, updatedAt: 2000 }),
);

describe('the status that a store shows', () => {
  it('is idle before there is a task, and again after a reset', async () => {
    const { fetch } = scriptFetch(() => eventStream(running));
    const { store } = createStore({ api: '/api/task', fetch });
    expect(store.getState()).toMatchObject({ status: 'idle', connection: 'idle' });
    void store.start('x', { taskId });
    expect(store.getState()).toMatchObject({ status: 'pending', connection: 'connecting' });
    await reached(store, ({ status }) => status === 'running');
    store.reset();
    expect(store.getState()).toMatchObject({ status: 'idle', connection: 'idle' });
  });

  it.each([401, 403, 404, 410])('is unsettled after a final %i to the start', async (status) => {
    const { fetch } = scriptFetch(() => new Response(null, { status }));
    const { store } = createStore({ api: '/api/task', fetch });
    expect(await store.start('x')).toMatchObject({ status: 'unsettled' });
    expect(store.getState()).toMatchObject({ status: 'unsettled', connection: 'closed' });
  });

  it('is unsettled, without an estimate, when a running task is not known any more', async () => {
    const error = { code: 'not-found', message: 'No such task.', retryable: false };
    const server = await serve((response, { method }) =>
      method === 'POST' ? sendAndCut(response, running) : sendError(response, 410, error),
    );
    const { store } = createStore({ api: server.api });
    const end = store.start('x', { taskId });
    await reached(store, ({ status }) => status === 'running');
    expect(store.getState().remainingMs).toBe(1000);
    await end;
    expect(store.getState()).toMatchObject({ status: 'unsettled', error, isActive: false });
    expect(store.getState().remainingMs).toBeUndefined();
  });

  it('is unsettled when the client gave up, and the task’s own again once it is found', async () => {
    const server = await serve((response, _, index) =>
      index === 0
        ? sendAndCut(response, running)
        : index === 1
          ? void response.socket?.destroy()
          : void sendHead(response).write(running),
    );
    const { store } = createStore({ api: server.api, reconnect: { maxAttempts: 1 } });
    expect(await store.start('x', { taskId })).toMatchObject({ error: { code: 'gave-up' } });
    expect(store.getState().status).toBe('unsettled');
    void store.resume(taskId);
    expect(store.getState()).toMatchObject({ status: 'running', connection: 'connecting' });
    await reached(store, ({ connection }) => connection === 'connected');
    store.detach();
    // Left by the page itself, which knows no better than it did.
    expect(store.getState()).toMatchObject({ status: 'running', connection: 'closed' });
  });

  it('is the outcome, whatever becomes of the connection afterwards', async () => {
    const server = await serve((response, { method }) =>
      method === 'POST'
        ? sendAndCut(response, frame(0, snapshot()) + frame(1, settle({ status: 'completed' })))
        : sendError(response, 403),
    );
    const { store } = createStore({ api: server.api });
    await store.start('x', { taskId });
    await closed(store);
    expect(store.getState()).toMatchObject({ status: 'completed' });
    expect(store.getState().error).toBeUndefined();
  });

  it('is cancelled after a cancel, which is no error: the reason is in the settlement', async () => {
    const error = { code: 'cancelled', message: 'Enough.', retryable: false };
    const { bytesAfter } = record([snapshot(), settle({ status: 'cancelled', error })]);
    const { fetch } = scriptFetch(() => eventStream(bytesAfter(), { end: true }));
    const { store, calls } = createStore({ api: '/api/task', fetch });
    await store.start('x', { taskId });
    await closed(store);
    expect(store.getState()).toMatchObject({ status: 'cancelled', settlement: { error } });
    expect(store.getState().error).toBeUndefined();
    expect(calls).toEqual([['settle', 'cancelled']]);
  });
});

describe('what a store’s cancel resolves with', () => {
  /** A store whose task runs, and whose requests to cancel are answered so. */
  async function cancelWith(answer: () => Response | Promise<Response>) {
    const { fetch } = scriptFetch((_, { method }) =>
      method === 'DELETE' ? answer() : eventStream(running),
    );
    const { store } = createStore({ api: '/api/task', fetch });
    void store.start('x', { taskId });
    await reached(store, ({ status }) => status === 'running');
    return store;
  }

  it.each([
    ['{"cancelled":true}', true],
    ['{"cancelled":false}', false],
    ['', true],
    ['OK', true],
    ['null', true],
  ])('to the answer %j is %j', async (body, isTaken) => {
    const store = await cancelWith(() => new Response(body));
    expect(await store.cancel()).toBe(isTaken);
  });

  it.each([400, 403, 404, 409])('to a refusal with %i is false', async (status) => {
    const store = await cancelWith(() => Response.json({ cancelled: true }, { status }));
    expect(await store.cancel()).toBe(false);
  });

  it('is true though the task has settled before the answer is there', async () => {
    const answer = createDeferred<Response>();
    const encode = (text: string) => new TextEncoder().encode(text);
    const asked = createDeferred();
    const { fetch } = scriptFetch(async (_, { method }) => {
      if (method === 'DELETE') {
        asked.resolve();
        return answer.promise;
      }
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(encode(running));
          await asked.promise;
          controller.enqueue(encode(frame(1, settle({ status: 'cancelled' }))));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    const { store } = createStore({
      api: '/api/task',
      // As the platform's own, it minds its signal.
      fetch: (input, init) =>
        Promise.race([
          fetch(input, init),
          new Promise<never>((_, reject) => {
            init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
          }),
        ]),
    });
    void store.start('x', { taskId });
    await reached(store, ({ status }) => status === 'running');
    const cancelled = store.cancel();
    await reached(store, ({ status }) => status === 'cancelled');
    answer.resolve(Response.json({ cancelled: true }));
    expect(await cancelled).toBe(true);
  });
});
