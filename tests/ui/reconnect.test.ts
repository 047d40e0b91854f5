import { describe, expect, it } from 'vitest';
import type { TaskStream } from '../../src/ui/task-stream-types';
import { frame, heartbeat, recording, snapshot, taskId } from '../helpers/recording';
import { sendAndCut, sendError, sendHead } from '../helpers/wire-server';
import { type Calls, closed, createStore, reached, serve } from './helpers';

const whole = recording.bytesAfter();

/** Every byte where the platform is whole; where parts of it are taken away, some will do. */
const isWhole = globalThis.DOMException !== undefined;
const step = isWhole ? 1 : 41;

const expectedCalls: Calls = [
  ['log', 0, 'Größe — 𝄞'],
  ['partial', 0, { n: 0 }],
  ['log', 1, 'second'],
  ['partial', 1, { n: 1 }],
  ['settle', 'completed'],
];

/** Everything but when the last heartbeat was, which connections differ in. */
function finalState(store: TaskStream): unknown {
  const { heartbeat: _, ...state } = store.getState();
  return state;
}

/** How the state is when nothing goes wrong. */
async function uncutState(): Promise<unknown> {
  const server = await serve((response) => sendHead(response).end(whole));
  const { store, calls } = createStore({ api: server.api });
  const end = await store.start('x', { taskId });
  await closed(store);
  expect(end).toMatchObject({ status: 'completed', result: { url: 'https://example.com/ü.png' } });
  expect(sorted(calls)).toEqual(sorted(expectedCalls));
  expect(server.requests).toHaveLength(1);
  return finalState(store);
}

/** Logs before partials: within one network read they are reported by kind. */
function sorted(calls: Calls): Calls {
  return [...calls].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

describe('a stream that is cut', () => {
  it('comes to the same state, with nothing twice and nothing missing, wherever that is', async () => {
    const expected = await uncutState();
    let cutAt = 0;
    const server = await serve((response, { method, query, headers, body }) => {
      if (method === 'POST') {
        expect(JSON.parse(body)).toEqual({ taskId, input: 'x' });
        return sendAndCut(response, whole.subarray(0, cutAt));
      }
      expect(query.get('taskId')).toBe(taskId);
      sendHead(response).end(recording.bytesAfter(headers['last-event-id'] as string | undefined));
    });
    for (; cutAt < whole.length; cutAt += step) {
      const { store, calls } = createStore({ api: server.api });
      const end = await store.start('x', { taskId });
      await closed(store);
      expect(end.status, `cut at ${cutAt}`).toBe('completed');
      expect(finalState(store), `cut at ${cutAt}`).toEqual(expected);
      expect(sorted(calls), `cut at ${cutAt}`).toEqual(sorted(expectedCalls));
    }
  }, 600_000);

  it('is the same when its end is clean', async () => {
    const expected = await uncutState();
    let cutAt = 0;
    const server = await serve((response, { method, headers }) => {
      sendHead(response).end(
        method === 'POST'
          ? whole.subarray(0, cutAt)
          : recording.bytesAfter(headers['last-event-id'] as string | undefined),
      );
    });
    for (; cutAt < whole.length; cutAt += isWhole ? 7 : 41) {
      const { store, calls } = createStore({ api: server.api });
      await store.start('x', { taskId });
      await closed(store);
      expect(finalState(store), `cut at ${cutAt}`).toEqual(expected);
      expect(sorted(calls), `cut at ${cutAt}`).toEqual(sorted(expectedCalls));
    }
  });

  it('is read to its end though every connection brings a single frame only', async () => {
    const server = await serve((response, { headers }) => {
      const cursor = headers['last-event-id'] as string | undefined;
      const n = cursor ? Number(cursor.slice(2)) + 1 : 0;
      const chunk = recording.chunks[n];
      sendHead(response).end(chunk ? frame(n, chunk) : 'data: [DONE]\n\n');
    });
    const { store, calls } = createStore({ api: server.api, reconnect: { maxAttempts: 1 } });
    const end = await store.start('x', { taskId });
    await closed(store);
    expect(end.status).toBe('completed');
    expect(calls).toEqual(expectedCalls);
    expect(finalState(store)).toEqual(await uncutState());
    expect(server.requests.map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      ...recording.chunks.slice(1).map((_, n) => `0-${n}`),
    ]);
  });

  it('is the same when a frame is malformed: what came before it counts', async () => {
    const { cursorOf } = recording;
    const server = await serve((response, { method, headers }) => {
      if (method === 'GET') {
        expect(headers['last-event-id']).toBe(cursorOf(4));
        return sendHead(response).end(recording.bytesAfter(cursorOf(4)));
      }
      const frames = recording.chunks.slice(0, 5).map((chunk, n) => frame(n, chunk));
      sendHead(response).write(`${frames.join('')}id: 0-5\ndata: {"type":\n\n`);
    });
    const { store, calls } = createStore({ api: server.api });
    await store.start('x', { taskId });
    await closed(store);
    expect(finalState(store)).toEqual(await uncutState());
    expect(sorted(calls)).toEqual(sorted(expectedCalls));
  });
});

describe('a stream whose network reads are split', () => {
  /** A fetch that hands over the body in pieces of the given sizes, the last one over and over. */
  function splitting(sizes: number[]): typeof fetch {
    return async (...parameters) => {
      const response = await fetch(...parameters);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const rest = [...sizes];
      let at = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          const size = rest.length > 1 ? rest.shift() : rest[0];
          controller.enqueue(bytes.subarray(at, at + (size ?? 1)));
          at += size ?? 1;
        },
      });
      return new Response(body, response);
    };
  }

  it('comes to the same state, wherever that is', async () => {
    const expected = await uncutState();
    const server = await serve((response) => sendHead(response).end(whole));
    for (let at = 1; at < whole.length; at += step) {
      const fetch = splitting([at, whole.length]);
      const { store, calls } = createStore({ api: server.api, fetch });
      await store.start('x', { taskId });
      await closed(store);
      expect(finalState(store), `split at ${at}`).toEqual(expected);
      expect(sorted(calls), `split at ${at}`).toEqual(sorted(expectedCalls));
    }
    expect(server.requests).toHaveLength(Math.ceil((whole.length - 1) / step));
  });

  it('comes to the same state when it comes byte by byte', async () => {
    const server = await serve((response) => sendHead(response).end(whole));
    const { store, calls } = createStore({ api: server.api, fetch: splitting([1]) });
    await store.start('x', { taskId });
    await closed(store);
    expect(finalState(store)).toEqual(await uncutState());
    expect(calls).toEqual(expectedCalls);
  });

  it('notifies once per network read', async () => {
    const server = await serve((response) => sendHead(response).end(whole));
    const { store } = createStore({ api: server.api });
    const ended = store.start('x', { taskId });
    await reached(store, ({ connection }) => connection === 'connected');
    let notified = 0;
    store.subscribe(() => notified++);
    await ended;
    await closed(store);
    // One for all chunks, which arrive together, and one for the connection's end.
    expect(notified).toBe(2);
  });
});

describe('attempts', () => {
  it('repeat the same POST until there is an answer, then attach by the taskId', async () => {
    const server = await serve((response, { headers }, index) => {
      if (index < 2) return void response.socket?.destroy();
      if (index === 2) return sendError(response, 503);
      if (index === 3) return sendAndCut(response, 'retry: 1000\n\n');
      sendHead(response).end(recording.bytesAfter(headers['last-event-id'] as string));
    });
    const { store, calls } = createStore({ api: `${server.api}?tenant=a` });
    const end = await store.start('x', { taskId });
    await closed(store);
    expect(end.status).toBe('completed');
    expect(server.requests.map(({ method }) => method)).toEqual([
      ...['POST', 'POST', 'POST', 'POST'],
      'GET',
    ]);
    expect(new Set(server.requests.slice(0, 4).map(({ body }) => body)).size).toBe(1);
    expect(server.requests[0]).toMatchObject({
      path: '/api/task?tenant=a',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    });
    expect(server.requests[4]?.path).toBe(`/api/task?tenant=a&taskId=${taskId}`);
    expect(server.requests[4]?.headers).not.toHaveProperty('last-event-id');
    expect(sorted(calls)).toEqual(sorted(expectedCalls));
  });

  it('have fresh headers each, also from an async function', async () => {
    let made = 0;
    const server = await serve((response, { method, headers }) => {
      if (method === 'POST') return sendAndCut(response, frame(0, snapshot()));
      sendHead(response).end(recording.bytesAfter(headers['last-event-id'] as string));
    });
    const { store } = createStore({
      api: server.api,
      headers: async () => ({ authorization: `Bearer ${made++}` }),
    });
    await store.start('x', { taskId });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer 0',
      'Bearer 1',
    ]);
  });

  it('end for good at a 4xx, with the error that its body names', async () => {
    const error = { code: 'forbidden', message: 'Not yours.', retryable: false, details: { a: 1 } };
    const server = await serve((response) => sendError(response, 403, error));
    const { store, calls } = createStore({ api: server.api });
    const end = await store.start('x', { taskId });
    expect(end).toMatchObject({ status: 'unsettled', taskId, error });
    expect(store.getState()).toMatchObject({ connection: 'closed', isActive: false, error });
    expect(calls).toEqual([['error', 'forbidden']]);
    expect(server.requests).toHaveLength(1);
  });

  it('end at a 4xx of any other server with the code refused', async () => {
    const server = await serve((response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>');
    });
    const { store } = createStore({ api: server.api });
    const end = await store.start('x');
    expect(end).toMatchObject({ error: { code: 'refused', details: { status: 404 } } });
  });

  it('end after a cut, too, when the server refuses to go on', async () => {
    const server = await serve((response, { method }) => {
      if (method === 'POST') return sendAndCut(response, frame(0, snapshot()));
      sendError(response, 401);
    });
    const { store } = createStore({ api: server.api });
    expect(await store.start('x', { taskId })).toMatchObject({ error: { code: 'refused' } });
    expect(store.getState()).toMatchObject({ status: 'unsettled', connection: 'closed' });
  });

  it('end with unsettled when nothing is left and the outcome was not there', async () => {
    const server = await serve((response, { method }) => {
      if (method === 'POST') return sendAndCut(response, frame(0, snapshot()));
      response.writeHead(204).end();
    });
    const { store, calls } = createStore({ api: server.api });
    expect(await store.start('x', { taskId })).toMatchObject({ error: { code: 'unsettled' } });
    expect(calls).toEqual([['error', 'unsettled']]);
  });

  it('end only after the limit of those without progress', async () => {
    const server = await serve((response, { headers }) => {
      const n = Number(String(headers['last-event-id'] ?? '0--1').slice(2)) + 1;
      sendAndCut(response, n < 4 ? frame(n, snapshot({ updatedAt: n })) : '');
    });
    const { store, calls } = createStore({ api: server.api, reconnect: { maxAttempts: 3 } });
    const end = await store.start('x', { taskId });
    expect(end).toMatchObject({ error: { code: 'gave-up', retryable: true } });
    expect(server.requests).toHaveLength(4 + 3);
    expect(calls).toEqual([['error', 'gave-up']]);
  });

  it('do not count while heartbeats show that the producer lives', async () => {
    const server = await serve((response, _, index) => {
      if (index < 6) return sendAndCut(response, heartbeat(index + 1, 5000));
      sendHead(response).end(whole);
    });
    const { store } = createStore({ api: server.api, reconnect: { maxAttempts: 2 } });
    expect((await store.start('x', { taskId })).status).toBe('completed');
  });

  it('end at once at an answer that is not an event stream', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>');
    });
    const { store } = createStore({ api: server.api });
    expect(await store.start('x')).toMatchObject({ error: { code: 'invalid-response' } });
    expect(server.requests).toHaveLength(1);
  });

  it.each([null, {}])('end at once at a body that cannot be read: %j', async (body) => {
    const server = await serve((response) => sendHead(response).end(whole));
    const { store } = createStore({
      api: server.api,
      async fetch(...parameters) {
        const response = await fetch(...parameters);
        await response.text();
        return Object.defineProperty(response, 'body', { value: body });
      },
    });
    const end = await store.start('x');
    expect(end).toMatchObject({ error: { code: 'unreadable-body' } });
    expect(end.status === 'unsettled' && end.error.message).toContain('expo/fetch');
  });
});
