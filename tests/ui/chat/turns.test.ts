import { setTimeout as sleep } from 'node:timers/promises';
import type { UIMessage } from 'ai';
import { describe, expect, it } from 'vitest';
import { createDeferred, until } from '../../helpers/async';
import { chatVersions } from '../../helpers/chat-versions';
import { onCleanUp } from '../../helpers/clean-up';
import { sendError } from '../../helpers/wire-server';
import { type ChatPage, openPage, sending, serveChat, textOf } from './helpers';

/** Each status that a chat had from now on. */
function statusesOf({ chat }: Pick<ChatPage, 'chat'>): string[] {
  const statuses: string[] = [];
  onCleanUp(chat['~registerStatusCallback'](() => void statuses.push(chat.status)));
  return statuses;
}

const texts = (messages: readonly UIMessage[]) => messages.map(textOf);

/**
 * A server whose first answer goes on for as long as it may when it is told to stop, and a page
 * that has begun to show it.
 */
async function openBusyPage(version: (typeof chatVersions)[number], shows = 'old') {
  const gate = createDeferred();
  const server = await serveChat({
    async execute({ writer, signal }, turn) {
      if (turn === 0 && shows === '') await gate.promise;
      writer.write({ type: 'text-start', id: 't' });
      for (let n = 0; turn === 0 && !signal.aborted; n++) {
        writer.write({ type: 'text-delta', id: 't', delta: `old${n} ` });
        await sleep(1);
      }
      if (turn === 0) writer.write({ type: 'text-delta', id: 't', delta: 'late' });
      else {
        await gate.promise;
        writer.write({ type: 'text-delta', id: 't', delta: 'new' });
      }
      writer.write({ type: 'text-end', id: 't' });
    },
  });
  const page = await openPage(version, { api: server.api });
  const first = page.chat.sendMessage({ text: 'Go.' });
  await until(() => (shows ? textOf(page.answer()).includes('old1') : server.tasks.length > 0));
  return { server, page, first, gate };
}

describe.each(chatVersions)('turns of a chat of AI SDK $version', (version) => {
  it.each([
    ['is regenerated', (page: ChatPage) => page.chat.regenerate()],
    [
      'is asked for in other words',
      (page: ChatPage) =>
        page.chat.sendMessage({ text: 'Go on.', messageId: page.chat.messages[0]?.id ?? '' }),
    ],
  ])('never show the old answer again when it %s while it streams', async (_, sendAnew) => {
    const { page, first, gate, server } = await openBusyPage(version);
    const statuses = statusesOf(page);
    const again = sendAnew(page);
    await until(() => server.tasks.length === 2);
    await server.tasks[0]?.consume();
    expect(page.chat.messages.map(({ role }) => role)).toEqual(['user']);
    expect(page.chat.status).toBe('submitted');
    gate.resolve();
    await Promise.all([first, again]);
    expect(texts(page.chat.messages).at(-1)).toBe('new');
    expect(page.chat.messages).toHaveLength(2);
    expect(page.errors).toEqual([]);
    // What ends is told before what is shown: the chat never rests while the new answer is written.
    expect(statuses.lastIndexOf('streaming')).toBe(statuses.length - 2);
    expect(statuses.at(-1)).toBe('ready');
  });

  it('go on with an older answer when the newer turn is refused', async () => {
    const gate = createDeferred();
    let count = 0;
    const server = await serveChat({
      async execute({ writer }) {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: 'one ' });
        await gate.promise;
        writer.write({ type: 'text-delta', id: 't', delta: 'two' });
        writer.write({ type: 'text-end', id: 't' });
      },
      intercept({ method }, response) {
        if (method !== 'POST' || count++ === 0) return false;
        sendError(response, 409, { code: 'busy', message: 'One at a time.' });
        return true;
      },
    });
    const page = await openPage(version, { api: server.api });
    const first = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'one ');
    await page.chat.regenerate();
    expect(page.chat.status).toBe('error');
    gate.resolve();
    await first;
    expect(textOf(page.answer())).toBe('one two');
  });

  it('write an answer anew behind another one, which stays as it is', async () => {
    const server = await serveChat({
      execute({ writer }, turn) {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: `turn ${turn}` });
        writer.write({ type: 'text-end', id: 't' });
      },
    });
    const answer = (id: string): UIMessage => ({
      id,
      role: 'assistant',
      parts: [{ type: 'text', text: id, state: 'done' }],
    });
    const messages = [...sending().messages, answer('one'), answer('two')];
    const page = await openPage(version, { api: server.api, init: { messages } });
    await page.chat.regenerate({ messageId: 'two' });
    expect(texts(page.chat.messages)).toEqual(['Go.', 'one', 'turn 0']);
    await page.chat.regenerate();
    expect(texts(page.chat.messages)).toEqual(['Go.', 'one', 'turn 1']);
  });

  it('leave out an answer that had not begun when the next turn was sent', async () => {
    const { page, first, gate } = await openBusyPage(version, '');
    const second = page.chat.sendMessage({ text: 'Rather this.' });
    gate.resolve();
    await Promise.all([first, second]);
    expect(page.chat.messages.map(({ role }) => role)).toEqual(['user', 'user', 'assistant']);
    expect(textOf(page.answer())).toBe('new');
  });

  it('are submitted until there is something to see, and lose nothing of what came before', async () => {
    const gates = [createDeferred(), createDeferred()];
    const server = await serveChat({
      async execute({ writer }) {
        writer.write({ type: 'start-step' });
        writer.write({ type: 'message-metadata', messageMetadata: { model: 'small' } });
        await gates[0]?.promise;
        writer.write({ type: 'text-start', id: 't' });
        await gates[1]?.promise;
        writer.write({ type: 'text-delta', id: 't', delta: 'Hello.' });
        writer.write({ type: 'text-end', id: 't' });
        writer.write({ type: 'finish-step' });
      },
    });
    const page = await openPage(version, { api: server.api });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => server.tasks.length === 1);
    await sleep(50);
    expect(page.chat.status).toBe('submitted');
    expect(page.chat.messages).toHaveLength(1);
    gates[0]?.resolve();
    await until(() => page.chat.status === 'streaming');
    gates[1]?.resolve();
    await turn;
    expect(page.answer()).toMatchObject({ id: 'message-0', metadata: { model: 'small' } });
    expect(page.answer()?.parts.map(({ type }) => type)).toEqual([
      'data-task',
      'step-start',
      'text',
      'data-task-settle',
    ]);
  });

  it.each([
    ['how far it is', { value: 1, total: 2 }],
    ['what it does', { value: 0, message: 'Reading …' }],
  ])('stream as soon as a task tells %s', async (_, progress) => {
    const gate = createDeferred();
    const server = await serveChat({
      execute({ task }) {
        task.progress(progress);
        return gate.promise;
      },
    });
    const page = await openPage(version, { api: server.api });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => page.chat.status === 'streaming');
    expect(page.answer()?.parts).toMatchObject([{ type: 'data-task', data: { progress } }]);
    gate.resolve();
    await turn;
  });

  it('show the outcome of a task that had nothing else to show', async () => {
    const server = await serveChat({ execute: () => undefined });
    const page = await openPage(version, { api: server.api });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.answer()?.parts.map(({ type }) => type)).toEqual(['data-task', 'data-task-settle']);
    expect(page.chat.status).toBe('ready');
  });

  it('leave a task that has shown nothing when their reader does', async () => {
    const gate = createDeferred();
    const left = createDeferred();
    const server = await serveChat({
      execute: () => gate.promise,
      intercept(_, response) {
        response.on('close', left.resolve);
        return false;
      },
    });
    const { transport } = await openPage(version, { api: server.api });
    await (await transport.sendMessages(sending())).cancel();
    await left.promise;
    gate.resolve();
    expect(await server.tasks[0]?.consume()).toMatchObject({ status: 'completed' });
  });
});

// The lowest that is supported of 7 writes into a chat's last message only.
const writesAnywhere = chatVersions.filter(({ version }) => version !== '7.0.112');

describe.each(writesAnywhere)('turns of a chat of AI SDK $version', (version) => {
  it('show an older answer to its end when the page keeps it', async () => {
    const { page, first, gate } = await openBusyPage(version);
    const second = page.chat.sendMessage({ text: 'And?' });
    await until(() => textOf(page.chat.messages[1]).endsWith('late'));
    gate.resolve();
    await Promise.all([first, second]);
    expect(page.chat.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
    ]);
    expect(textOf(page.chat.messages[3])).toBe('new');
    expect(page.chat.messages[1]?.parts.map(({ type }) => type)).toContain('data-task-settle');
    expect(page.chat.status).toBe('ready');
  });
});
