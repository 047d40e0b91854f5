// A task lost its process, and no other one has taken it yet. PROTOCOL.md, "Attempts".

import { describe, expect, it } from 'vitest';
import { TaskChatTransport } from '../../src/ui';
import { getChatTask } from '../../src/ui/chat-task-registry';
import { deriveMessageTask, findMessageTask } from '../../src/ui/message-task';
import { attemptsLog, bytesOf } from '../helpers/attempts';
import { settle, taskId } from '../helpers/recording';
import { eventStream, scriptFetch } from '../helpers/scripted-fetch';
import { createStore } from './helpers';
import { advance, api, minute, random, reconnect, stopTimeInEachTest } from './refusing-server';

stopTimeInEachTest();

const intervalMs = 60_000;
const log = attemptsLog([16]);
const [loss = 0] = log.losses;

function waiting(at: number): string {
  const data = { taskId, at, intervalMs, waiting: true };
  return `data: ${JSON.stringify({ type: 'data-task-heartbeat', data, transient: true })}\n\n`;
}

/** A stream of which a test says what comes next. */
function openStream() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
  });
  return {
    response: new Response(body, {
      headers: { 'content-type': 'text/event-stream', 'x-task-id': taskId },
    }),
    async send(text: string): Promise<void> {
      controller?.enqueue(new TextEncoder().encode(text));
      await advance(0);
    },
    end: () => controller?.close(),
  };
}

const lost = bytesOf(log.frames.slice(0, loss), false);
const rest = bytesOf(log.after(log.frames[loss - 1]?.cursor), true);

describe('a task that waits for a process (R-BEAT-3)', () => {
  it('is pending for a store until the next attempt begins', async () => {
    const first = openStream();
    const { fetch } = scriptFetch((index) =>
      index === 0 ? first.response : eventStream(rest, { end: true }),
    );
    const { store } = createStore({ api, fetch });
    const statuses: string[] = [];
    store.subscribe(() => {
      const { status } = store.getState();
      if (statuses.at(-1) !== status) statuses.push(status);
    });
    const end = store.resume(taskId);
    for (const text of [lost, waiting(2), waiting(3)]) await first.send(text);
    expect(store.getState()).toMatchObject({
      status: 'pending',
      isActive: true,
      error: undefined,
      remainingMs: undefined,
    });
    first.end();
    await advance(0);
    expect(await end).toMatchObject({ status: 'completed' });
    expect(statuses).toEqual(['pending', 'running', 'pending', 'completed']);
  });

  it('is pending although a replay of the attempt before comes after a heartbeat', async () => {
    const first = openStream();
    const { store } = createStore({ api, fetch: scriptFetch(() => first.response).fetch });
    void store.resume(taskId);
    for (const text of [waiting(1), lost.slice(lost.indexOf('id:'))]) await first.send(text);
    expect(store.getState()).toMatchObject({ status: 'pending', partials: ['first'] });
    await first.send(rest.slice(rest.indexOf('id:'), rest.indexOf('id: 2-4')));
    expect(store.getState()).toMatchObject({ status: 'running', attempt: 2 });
    store.dispose();
  });

  it('is not given up, however long it waits', async () => {
    const { fetch, requests } = scriptFetch((index) =>
      eventStream(waiting(index + 1), { end: true }),
    );
    const options = { maxAttempts: 1, maxElapsedMs: 1000 };
    const { store } = createStore({ api, fetch, random, reconnect: { ...reconnect, ...options } });
    void store.resume(taskId);
    await advance(minute);
    expect(requests.length).toBeGreaterThan(100);
    expect(store.getState()).toMatchObject({ status: 'pending', error: undefined });
    store.dispose();
  });

  it('can be cancelled', async () => {
    const first = openStream();
    const { fetch } = scriptFetch((_, { method }) =>
      method === 'DELETE' ? Response.json({ cancelled: true }) : first.response,
    );
    const { store } = createStore({ api, fetch });
    const end = store.resume(taskId);
    for (const text of [lost, waiting(2)]) await first.send(text);
    expect(await store.cancel('Enough.')).toBe(true);
    const error = { code: 'cancelled', message: 'Enough.', retryable: false };
    const data = settle({ status: 'cancelled', error });
    await first.send(`id: 2-0\ndata: ${JSON.stringify(data)}\n\n`);
    expect(await end).toMatchObject({ status: 'cancelled', error });
    store.dispose();
  });

  it('is pending in the message of a chat, too', async () => {
    const first = openStream();
    const transport = new TaskChatTransport({
      api,
      fetch: scriptFetch(() => first.response).fetch,
    });
    const stream = await transport.reconnectToStream({ chatId: 'waiting' });
    const reader = stream?.getReader();
    const parts = log.frames
      .slice(0, 2)
      .map(({ chunk }) => chunk)
      .filter(({ type }) => type === 'data-task');
    const message = { id: 'm', role: 'assistant' as const, parts: parts as never };
    const shown = () => {
      const seen = getChatTask(taskId);
      return deriveMessageTask(message, findMessageTask(message, undefined), seen, undefined);
    };
    const drained = (async () => {
      while (!(await reader?.read())?.done);
    })();
    await first.send(lost);
    expect(shown()).toMatchObject({ status: 'running', isActive: true });
    await first.send(waiting(2));
    expect(shown()).toMatchObject({ status: 'pending', isActive: true });
    await first.send(rest.slice(rest.indexOf('id:'), rest.indexOf('id: 2-4')));
    expect(shown()).toMatchObject({ status: 'running', isActive: true });
    await first.send(rest.slice(rest.indexOf('id: 2-4')));
    await drained;
    expect(getChatTask(taskId)?.task).toMatchObject({ status: 'completed' });
  });
});
