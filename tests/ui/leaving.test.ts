import { describe, expect, it } from 'vitest';
import {
  frame,
  heartbeat,
  partial,
  record,
  recording,
  settle,
  snapshot,
  taskId,
} from '../helpers/recording';
import { sendError, sendHead } from '../helpers/wire-server';
import { closed, createStore, reached, serve } from './helpers';

describe('cancel', () => {
  it('asks the server, and goes on reading until the task has settled', async () => {
    let finish = () => {};
    const server = await serve((response, { method }) => {
      if (method === 'POST') {
        sendHead(response).write(frame(0, snapshot()));
        finish = () =>
          response.end(
            record([snapshot(), settle({ status: 'cancelled' }), { type: 'abort' }]).bytesAfter(
              '0-0',
            ),
          );
        return;
      }
      response.writeHead(202).end();
    });
    const { store, calls } = createStore({ api: server.api });
    const end = store.start('x', { taskId });
    await reached(store, ({ status }) => status === 'running');
    expect(await store.cancel('too slow')).toBe(true);
    expect(server.requests[1]).toMatchObject({
      method: 'DELETE',
      path: `/api/task?taskId=${taskId}&reason=too+slow`,
    });
    expect(store.getState()).toMatchObject({ status: 'running', isActive: true });
    finish();
    expect((await end).status).toBe('cancelled');
    expect(calls).toEqual([['settle', 'cancelled']]);
    expect(await store.cancel()).toBe(false);
  });

  it('takes what is no text, such as the event of a click, for no reason', async () => {
    const server = await serve((response, { method }) => {
      if (method === 'POST') return void sendHead(response).write(frame(0, snapshot()));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"cancelled":true}');
    });
    const { store } = createStore({ api: server.api });
    void store.start('x', { taskId });
    await reached(store, ({ status }) => status === 'running');
    const onClick: (event: Event) => unknown = store.cancel;
    await onClick(new Event('click'));
    const onStop: () => Promise<void> = store.cancel;
    await onStop();
    const paths = server.requests.flatMap(({ method, path }) => (method === 'DELETE' ? path : []));
    expect(paths).toEqual([`/api/task?taskId=${taskId}`, `/api/task?taskId=${taskId}`]);
  });

  it('is asked for again while the server cannot be reached', async () => {
    let deletes = 0;
    const server = await serve((response, { method }) => {
      if (method === 'POST') return void sendHead(response).write(frame(0, snapshot()));
      if (deletes++ === 0) response.socket?.destroy();
      else if (deletes === 2) sendError(response, 503);
      else response.writeHead(204).end();
    });
    const { store } = createStore({ api: server.api });
    void store.start('x', { taskId });
    await reached(store, ({ status }) => status === 'running');
    expect(await store.cancel()).toBe(true);
    expect(deletes).toBe(3);
  });

  it('is not asked for again when the server refuses, and does not disturb the task', async () => {
    const server = await serve((response, { method }) => {
      if (method === 'POST') return void sendHead(response).write(frame(0, snapshot()));
      sendError(response, 403);
    });
    const { store, calls } = createStore({ api: server.api });
    expect(await store.cancel()).toBe(false);
    void store.start('x', { taskId });
    await reached(store, ({ status }) => status === 'running');
    expect(await store.cancel()).toBe(false);
    expect(store.getState().isActive).toBe(true);
    expect(calls).toEqual([]);
  });
});

describe('detach, resume, reset', () => {
  it('detach leaves, and resume goes on where it left', async () => {
    const server = await serve((response, { method, headers }) => {
      if (method === 'POST') return void sendHead(response).write(frame(0, snapshot()));
      sendHead(response).end(recording.bytesAfter(headers['last-event-id'] as string));
    });
    const { store, calls } = createStore({ api: server.api });
    const end = store.start('x', { taskId });
    await reached(store, ({ status }) => status === 'running');
    store.detach();
    expect(await end).toMatchObject({ status: 'unsettled', taskId, error: { code: 'aborted' } });
    expect(store.getState()).toMatchObject({
      connection: 'closed',
      status: 'running',
      isActive: false,
    });
    expect(store.getState().error).toBeUndefined();
    expect(calls).toEqual([]);
    expect((await store.resume(taskId)).status).toBe('completed');
    expect(server.requests[1]).toMatchObject({
      method: 'GET',
      headers: { 'last-event-id': '0-0' },
    });
  });

  it('resume of a task that is followed already opens no second connection', async () => {
    const server = await serve((response) => void sendHead(response).write(heartbeat(1, 5000)));
    const { store } = createStore({ api: server.api });
    void store.start('x', { taskId });
    void store.resume(taskId);
    await reached(store, ({ connection }) => connection === 'connected');
    expect(server.requests).toHaveLength(1);
  });

  it('resume after the settlement resolves with it', async () => {
    const server = await serve((response) => sendHead(response).end(recording.bytesAfter()));
    const { store } = createStore({ api: server.api });
    const end = await store.start('x', { taskId });
    expect(await store.resume(taskId)).toBe(end);
    await closed(store);
    expect(server.requests).toHaveLength(1);
  });

  it('resume takes a cursor', async () => {
    const server = await serve((response) => sendHead(response).end(recording.bytesAfter('0-10')));
    const { store } = createStore({ api: server.api });
    await store.resume(taskId, { cursor: '0-10' });
    expect(server.requests[0]?.headers['last-event-id']).toBe('0-10');
  });

  it('resume if present returns to idle, without an error, when the task is not known', async () => {
    const server = await serve((response) => sendError(response, 404));
    const { store, calls } = createStore({ api: server.api });
    const initialState = store.getState();
    expect((await store.resume(taskId, { ifPresent: true })).status).toBe('unsettled');
    expect(store.getState()).toBe(initialState);
    expect(calls).toEqual([]);
    await store.resume(taskId);
    expect(calls).toEqual([['error', 'refused']]);
  });

  it('start leaves the task before, and nothing of that comes through', async () => {
    const server = await serve((response, _, index) => {
      if (index === 0) return void sendHead(response).write(frame(0, snapshot()));
      const { taskId: secondId } = JSON.parse(server.requests[1]?.body ?? '{}');
      const bytes = recording.bytesAfter().toString().replaceAll(taskId, secondId);
      sendHead(response).end(bytes);
    });
    const { store, calls } = createStore({ api: server.api });
    const first = store.start('x', { taskId });
    await reached(store, ({ status }) => status === 'running');
    const second = await store.start('y');
    expect((await first).status).toBe('unsettled');
    expect(second).toMatchObject({ status: 'completed' });
    expect(store.getState().taskId).toBe(second.taskId);
    expect(calls.filter(([name]) => name === 'settle')).toHaveLength(1);
  });

  it('takes nothing of a task that was left, even when it had been received already', async () => {
    const pulls: ((text: string) => void)[] = [];
    const { store, calls } = createStore({
      api: '/api/task',
      fetch: async () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: (controller) =>
              void pulls.push((text) => controller.enqueue(new TextEncoder().encode(text))),
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        ),
    });
    void store.start('x', { taskId });
    await reached(store, ({ connection }) => connection === 'connected');
    pulls[0]?.(frame(0, snapshot()) + frame(1, partial(0, 'late')));
    void store.start('y', { taskId: 'another-task-0123' });
    await reached(store, ({ connection }) => connection === 'connected');
    expect(store.getState()).toMatchObject({ status: 'pending', partials: [], children: {} });
    expect(calls).toEqual([]);
  });

  it('a start out of onSettle begins anew', async () => {
    const server = await serve((response) => {
      const { taskId: id } = JSON.parse(server.requests.at(-1)?.body ?? '{}');
      sendHead(response).end(recording.bytesAfter().toString().replaceAll(taskId, id));
    });
    let second: Promise<unknown> | undefined;
    const { store } = createStore({
      api: server.api,
      onSettle: () => (second ??= store.start('again')),
    });
    const first = await store.start('x');
    expect(first.status).toBe('completed');
    expect(await second).toMatchObject({ status: 'completed' });
    await closed(store);
    expect(server.requests).toHaveLength(2);
    expect(store.getState().logs).toHaveLength(2);
  });

  it('reset returns to the initial state', async () => {
    const server = await serve((response) => void sendHead(response).write(frame(0, snapshot())));
    const { store } = createStore({ api: server.api });
    const initialState = store.getState();
    const end = store.start('x', { taskId });
    await reached(store, ({ status }) => status === 'running');
    store.reset();
    expect(store.getState()).toBe(initialState);
    expect((await end).status).toBe('unsettled');
  });
});
