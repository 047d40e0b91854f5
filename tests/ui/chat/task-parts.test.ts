import { withoutTaskParts } from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { aborted, createDeferred, until } from '../../helpers/async';
import { chatVersions } from '../../helpers/chat-versions';
import { openPage, serveChat, textOf } from './helpers';

describe.each(chatVersions)('a chat of AI SDK $version that shows no progress', (version) => {
  it('has nothing of its tasks in its messages, and hears of them all the same', async () => {
    const server = await serveChat({
      execute({ writer, task }) {
        task.progress({ value: 1, total: 2 });
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: 'Hello.' });
        writer.write({ type: 'text-end', id: 't' });
        throw new Error('secret');
      },
    });
    const page = await openPage(version, { api: server.api, taskParts: false });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.answer()?.parts).toMatchObject([{ type: 'text', text: 'Hello.' }]);
    const types = page.data.map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['data-task', 'data-task-settle']));
  });

  it('resumes and cancels', async () => {
    const gate = createDeferred();
    const server = await serveChat({
      async execute({ writer, signal }) {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: 'Hello.' });
        signal.addEventListener('abort', () => gate.resolve());
        await gate.promise;
      },
    });
    const page = await openPage(version, { api: server.api, taskParts: false });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'Hello.');
    await page.chat.stop();
    await turn;
    const resumed = page.chat.resumeStream();
    await until(() => page.chat.status === 'streaming');
    expect(await page.transport.cancel('chat')).toBe(true);
    await resumed;
    expect(page.answer()?.parts.map(({ type }) => type)).toEqual(['text']);
  });
});

it('takes the parts of tasks out of a message, and nothing else', () => {
  const message = {
    id: 'm',
    role: 'assistant' as const,
    parts: [
      { type: 'data-task', data: {} },
      { type: 'text', text: 'Hello.' },
      { type: 'data-tasks', data: {} },
      { type: 'data-task-error', data: {} },
      { type: 'data-task-settle', data: {} },
    ],
  };
  expect(withoutTaskParts(message)).toEqual({
    ...message,
    parts: [message.parts[1], message.parts[2]],
  });
});

describe.each(chatVersions)('stop() of a chat of AI SDK $version', (version) => {
  const begin = async (options: { cancelOnStop?: boolean; holds?: boolean }) => {
    const gate = createDeferred();
    let cancels = 0;
    const server = await serveChat({
      beforeTask: () => (options.holds ? gate.promise : Promise.resolve()),
      async execute({ writer, signal }) {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: 'Hello.' });
        await aborted(signal);
      },
      intercept({ method }, response) {
        if (method === 'DELETE') response.on('close', () => cancels++);
        return false;
      },
    });
    const { cancelOnStop } = options;
    const page = await openPage(version, { api: server.api, cancelOnStop });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    /** So many requests to cancel are answered. */
    const cancelled = (count: number) => until(() => cancels === count);
    return { gate, server, page, turn, cancelled };
  };

  it('stops the work where the page wants that', async () => {
    const { server, page, turn, cancelled } = await begin({ cancelOnStop: true });
    await until(() => textOf(page.answer()) === 'Hello.');
    await page.chat.stop();
    await turn;
    expect(await server.tasks[0]?.consume()).toMatchObject({ status: 'cancelled' });
    await cancelled(1);
    expect(page.chat.status).toBe('ready');
  });

  it('stops what the server has not answered yet', async () => {
    const started = await begin({ cancelOnStop: true, holds: true });
    const { server, page, turn, gate, cancelled } = started;
    await until(() => server.count('POST') === 1);
    await page.chat.stop();
    gate.resolve();
    await turn;
    await until(() => server.tasks.length === 1);
    expect(await server.tasks[0]?.consume()).toMatchObject({ status: 'cancelled' });
    // By the chat, at once and when the request was over.
    await cancelled(2);
  });

  it('leaves the work alone when the chat resumes it once more', async () => {
    const { server, page, turn, cancelled } = await begin({ cancelOnStop: true });
    await until(() => textOf(page.answer()) === 'Hello.');
    const another = page.openChat({ id: 'chat' });
    const first = another.chat.resumeStream();
    await until(() => another.chat.status === 'streaming');
    const second = another.chat.resumeStream();
    await first;
    await until(() => server.count('GET') === 2 && another.chat.status === 'streaming');
    expect(server.count('DELETE')).toBe(0);
    await another.chat.stop();
    await second;
    await cancelled(1);
    await turn;
  });

  it('only leaves by default, and asks for nothing after the end', async () => {
    const { server, page, turn } = await begin({});
    await until(() => textOf(page.answer()) === 'Hello.');
    await page.chat.stop();
    await turn;
    expect(server.count('DELETE')).toBe(0);
    expect(await page.transport.cancel('chat')).toBe(true);
    await server.tasks[0]?.consume();
  });
});
