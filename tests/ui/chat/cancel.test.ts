import { describe, expect, it, vi } from 'vitest';
import { aborted, createDeferred, turns, until } from '../../helpers/async';
import type { ChatServer, startChatServer } from '../../helpers/chat-server';
import { chatVersions } from '../../helpers/chat-versions';
import { sendError } from '../../helpers/wire-server';
import { openPage, readAll, sending, serveChat, textOf } from './helpers';

type Execute = Parameters<typeof startChatServer>[0]['execute'];

/** Writes a little, then waits until it is stopped; turns after the first answer at once. */
const patient: Execute = async ({ task, writer, signal }, turn) => {
  writer.write({ type: 'text-start', id: 't' });
  writer.write({ type: 'text-delta', id: 't', delta: `answer ${turn}` });
  task.log('begun');
  if (turn === 0) await aborted(signal);
  writer.write({ type: 'text-end', id: 't' });
};

const isAborted = [{ isAbort: true, isDisconnect: false, isError: false }];

describe.each(chatVersions)('cancelling in a chat of AI SDK $version', (version) => {
  const deletes = ({ requests }: ChatServer) =>
    requests
      .filter(({ method }) => method === 'DELETE')
      .map(({ path, query }) => ({ path, query }));

  it('stops the work, ends the response as aborted, and sends nothing by itself', async () => {
    const server = await serveChat({ execute: patient });
    let asked = 0;
    const page = await openPage(version, {
      api: server.api,
      init: {
        sendAutomaticallyWhen() {
          asked += 1;
          return asked < 3;
        },
      },
    });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'answer 0');
    // As a page does: at the next render there is a new transport.
    expect(await page.createTransport().cancel('chat', 'Enough.')).toBe(true);
    await turn;
    expect(page.chat.status).toBe('ready');
    expect(page.errors).toEqual([]);
    expect(page.finishes).toEqual(isAborted);
    expect(await server.tasks[0]?.consume()).toMatchObject({
      status: 'cancelled',
      error: { message: 'Enough.' },
    });
    expect(page.answer()?.parts).toMatchObject([
      { type: 'data-task', data: { status: 'cancelled' } },
      { type: 'text', text: 'answer 0' },
      { type: 'data-task-settle', data: { status: 'cancelled', error: { message: 'Enough.' } } },
    ]);
    expect(deletes(server)).toEqual([
      {
        path: '/api/chat/chat/stream',
        query: { taskId: server.tasks[0]?.taskId, reason: 'Enough.' },
      },
    ]);
    await turns();
    expect(server.count('POST')).toBe(1);
    expect(asked).toBe(0);

    asked = 10;
    await page.chat.sendMessage({ text: 'On.' });
    expect(textOf(page.answer())).toBe('answer 1');
    expect(page.finishes).toHaveLength(2);
    expect(page.finishes[1]).toMatchObject({ isAbort: false, isError: false });
    expect(server.count('POST')).toBe(2);
  });

  it('hands over all that came before, and then ends with an AbortError', async () => {
    const server = await serveChat({ execute: patient });
    const { transport } = await openPage(version, { api: server.api });
    const reader = (await transport.sendMessages(sending())).getReader();
    // Nothing is read until everything has come.
    await until(() => server.tasks.length === 1);
    await transport.cancel('chat', 'Enough.');
    await server.tasks[0]?.consume();
    await turns(20);
    const { chunks, error } = await readAll(reader);
    expect(chunks.map(({ type }) => type)).toEqual([
      'start',
      'data-task',
      'text-start',
      'text-delta',
      'data-task-log',
      'text-end',
      'data-task',
      'data-task-settle',
      'abort',
    ]);
    if (globalThis.DOMException) expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: 'AbortError', message: 'Enough.' });
  });

  it('keeps trying while the server cannot be reached, as does the response', async () => {
    const server = await serveChat({ execute: patient });
    const page = await openPage(version, { api: server.api, reconnect: { maxAttempts: 1e6 } });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'answer 0');
    await server.stop();
    const cancelling = page.createTransport().cancel('chat');
    await turns(50);
    await server.start();
    expect(await cancelling).toBe(true);
    await turn;
    expect(page.finishes).toEqual(isAborted);
    expect(page.errors).toEqual([]);
    expect(await server.tasks[0]?.consume()).toMatchObject({ status: 'cancelled' });
  });

  it('asks again when the server answers that it cannot now', async () => {
    let refusals = 0;
    const server = await serveChat({
      execute: patient,
      intercept({ method }, response) {
        if (method !== 'DELETE' || refusals === 3) return false;
        refusals += 1;
        sendError(response, 503);
        return true;
      },
    });
    const page = await openPage(version, { api: server.api });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'answer 0');
    expect(await page.transport.cancel('chat')).toBe(true);
    expect(server.count('DELETE')).toBe(4);
    await turn;
  });

  it('works before the request was answered: by chat, then by name', async () => {
    const gate = createDeferred();
    const server = await serveChat({ execute: patient, beforeTask: () => gate.promise });
    const page = await openPage(version, { api: server.api });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => server.count('POST') === 1);
    const cancelling = page.createTransport().cancel('chat', 'Enough.');
    await until(() => server.count('DELETE') === 1);
    gate.resolve();
    expect(await cancelling).toBe(true);
    await turn;
    expect(page.finishes).toEqual(isAborted);
    expect(deletes(server).map(({ query }) => query)).toEqual([
      { reason: 'Enough.' },
      { reason: 'Enough.', taskId: server.tasks[0]?.taskId },
    ]);
  });

  it('asks once more when the page left a request that the server had not answered', async () => {
    let isReached = false;
    let isOpen = false;
    const server = await serveChat({
      execute: patient,
      beforeTask() {
        isReached = true;
        return until(() => isOpen);
      },
      async intercept({ method }) {
        // The work begins while the first request to cancel is on its way back.
        if (method === 'DELETE' && server.count('DELETE') === 2) await until(() => isBegun());
        return false;
      },
    });
    const isBegun = () => server.tasks.length === 1;
    const page = await openPage(version, { api: server.api });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => isReached);
    const cancelling = page.transport.cancel('chat');
    await until(() => server.count('DELETE') === 1);
    isOpen = true;
    await page.chat.stop();
    await turn;
    expect(await cancelling).toBe(true);
    expect(await server.tasks[0]?.consume()).toMatchObject({ status: 'cancelled' });
  });

  it('stops what the chat runs when the page knows nothing of it', async () => {
    const server = await serveChat({ execute: patient });
    const page = await openPage(version, { api: server.api });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'answer 0');
    const elsewhere = await openPage(version, { api: server.api });
    expect(await elsewhere.transport.cancel('chat')).toBe(true);
    await turn;
    expect(page.finishes).toEqual(isAborted);
    expect(deletes(server)).toEqual([{ path: '/api/chat/chat/stream', query: {} }]);
  });

  it('tells that there was nothing to stop, or no server', async () => {
    const server = await serveChat({ execute: patient });
    const { transport, createTransport } = await openPage(version, { api: server.api });
    expect(await transport.cancel('chat')).toBe(false);
    await server.stop();
    expect(await createTransport({ reconnect: { maxAttempts: 2 } }).cancel('chat')).toBe(false);
    const failing = createTransport({
      reconnect: { maxAttempts: 2 },
      headers: () => Promise.reject(new Error('no token')),
    });
    const told = vi.spyOn(console, 'error').mockImplementation(() => {});
    expect(await failing.cancel('chat')).toBe(false);
    expect(told).toHaveBeenCalledOnce();
    told.mockRestore();
  });

  it('leaves other chats alone', async () => {
    const gate = createDeferred();
    const server = await serveChat({
      async execute({ input, writer, signal }) {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: input.id });
        await Promise.race([gate.promise, aborted(signal)]);
        writer.write({ type: 'text-end', id: 't' });
      },
    });
    const page = await openPage(version, { api: server.api });
    const other = page.openChat({ id: 'other/chat' });
    const sent = [page.chat, other.chat].map((chat) => chat.sendMessage({ text: 'Go.' }));
    await until(() => textOf(page.answer()) === 'chat');
    await until(() => textOf(other.chat.messages[1]) === 'other/chat');
    server.cut();
    expect(await page.createTransport().cancel('other/chat')).toBe(true);
    await sent[1];
    expect(other.finishes).toEqual(isAborted);
    expect(page.finishes).toEqual([]);
    gate.resolve();
    await sent[0];
    expect(page.finishes).toMatchObject([{ isAbort: false, isError: false }]);
    expect(textOf(page.answer())).toBe('chat');
  });
});

describe.each(chatVersions)('leaving and resuming in a chat of AI SDK $version', (version) => {
  /** A task that goes on when the test says so. */
  async function serveGated() {
    const gate = createDeferred();
    const server = await serveChat({
      async execute({ task, writer }) {
        writer.write({ type: 'text-start', id: 't' });
        for (const word of ['one ', 'two ', 'three ']) {
          writer.write({ type: 'text-delta', id: 't', delta: word });
        }
        task.log('half');
        await gate.promise;
        writer.write({ type: 'text-delta', id: 't', delta: 'four' });
        writer.write({ type: 'text-end', id: 't' });
      },
    });
    return { gate, server };
  }

  it('lets the task go on when the page stops its response', async () => {
    const { gate, server } = await serveGated();
    const page = await openPage(version, { api: server.api });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'one two three ');
    await page.chat.stop();
    await turn;
    expect(page.finishes).toEqual(isAborted);
    gate.resolve();
    expect(await server.tasks[0]?.consume()).toMatchObject({ status: 'completed' });
    expect(server.count('DELETE')).toBe(0);
    expect(server.count('GET')).toBe(0);
  });

  it('ends at once when the page stops while the server is away', async () => {
    const { server, gate } = await serveGated();
    const reconnect = { maxAttempts: 1e6, initialDelayMs: 1e6, maxDelayMs: 1e6 };
    const page = await openPage(version, { api: server.api, reconnect });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'one two three ');
    await server.stop();
    await turns(20);
    await page.chat.stop();
    await turn;
    expect(page.finishes).toEqual(isAborted);
    gate.resolve();
  });

  it('can still cancel what the page has left', async () => {
    const server = await serveChat({ execute: patient });
    const page = await openPage(version, { api: server.api });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'answer 0');
    await page.chat.stop();
    await turn;
    expect(await page.transport.cancel('chat')).toBe(true);
    expect(await server.tasks[0]?.consume()).toMatchObject({ status: 'cancelled' });
  });

  it('replays the running task, compacted, on a page that was loaded anew', async () => {
    const { gate, server } = await serveGated();
    const before = await openPage(version, { api: server.api });
    const turn = before.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(before.answer()) === 'one two three ');
    const { transport } = await openPage(version, { api: server.api });
    expect(transport.resumeStreamIsReplay).toBe(true);
    const reader = (await transport.reconnectToStream({ chatId: 'chat' }))?.getReader();
    if (!reader) throw new Error('There is nothing to resume.');
    const deltas: string[] = [];
    for (let isDone = false; !isDone; ) {
      const { done, value } = await reader.read();
      isDone = done;
      if (value?.type === 'text-delta') deltas.push(value.delta);
      if (value?.type === 'data-task-log') gate.resolve();
    }
    expect(deltas).toEqual(['one two three ', 'four']);
    await turn;
  });

  it.each([
    ['nothing', 1],
    ['half', 2],
  ])('shows a resumed message once when %s of it was kept', async (_, keptCount) => {
    const { gate, server } = await serveGated();
    const before = await openPage(version, { api: server.api });
    const turn = before.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(before.answer()) === 'one two three ');
    const messages = structuredClone(before.chat.messages).slice(0, keptCount);
    await before.chat.stop();
    await turn;

    const page = await openPage(version, { api: server.api, init: { messages } });
    const resuming = page.chat.resumeStream();
    await until(() => page.data.some(({ type }) => type === 'data-task-log'));
    // From here on it heals like any other.
    server.cut();
    await until(() => server.requests.at(-1)?.headers['last-event-id'] !== undefined);
    gate.resolve();
    await resuming;
    expect(page.chat.messages).toHaveLength(2);
    expect(textOf(page.answer())).toBe('one two three four');
    expect(page.data.filter(({ type }) => type === 'data-task-log')).toHaveLength(1);
    expect(page.data.filter(({ type }) => type === 'data-task-settle')).toHaveLength(1);
    expect(page.finishes).toEqual([{ isAbort: false, isDisconnect: false, isError: false }]);
    expect(server.count('POST')).toBe(1);
  });

  it('finds nothing to resume in a chat that is at rest', async () => {
    const { server } = await serveGated();
    const page = await openPage(version, { api: server.api });
    expect(await page.transport.reconnectToStream({ chatId: 'chat' })).toBeNull();
    await page.chat.resumeStream();
    expect(page.chat.status).toBe('ready');
    expect(page.finishes).toEqual([]);
  });

  it('detaches when its reader leaves', async () => {
    const gate = createDeferred();
    const left = createDeferred();
    const server = await serveChat({
      execute: ({ writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        return gate.promise;
      },
      intercept(_, response) {
        response.on('close', left.resolve);
        return false;
      },
    });
    const { transport } = await openPage(version, { api: server.api });
    const reader = (await transport.sendMessages(sending())).getReader();
    await reader.read();
    await reader.cancel();
    await left.promise;
    gate.resolve();
    expect(await server.tasks[0]?.consume()).toMatchObject({ status: 'completed' });
    expect(server.requests).toHaveLength(1);
  });
});
