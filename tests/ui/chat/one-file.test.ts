import type { UIMessage } from 'ai';
import { describe, expect, it } from 'vitest';
import { aborted, until } from '../../helpers/async';
import { chatVersions } from '../../helpers/chat-versions';
import { serve } from '../helpers';
import { openPage, sendTaskHead, textOf } from './helpers';
import { keeps, say, serveOneFile, textMessage } from './one-file';

const layout = 'one-file' as const;

const user = (text: string) => textMessage('user', text);
const assistant = (text: string) => textMessage('assistant', text);

describe.each(chatVersions)('a chat in one file, with AI SDK $version', (version) => {
  it('uploads the one message that a turn is about, and what a page adds', async () => {
    const server = await serveOneFile({ execute: ({ writer }, turn) => say(writer, `${turn}`) });
    const page = await openPage(version, { api: server.api, layout, body: { model: 'small' } });
    const { chat } = page;
    await chat.sendMessage({ text: 'One.' });
    await chat.sendMessage({ text: 'Two.' }, { body: { model: 'large' } });
    const [first, answer] = chat.messages;
    await chat.regenerate({ messageId: answer?.id ?? '' });
    await chat.sendMessage({ text: 'Edited.', messageId: first?.id ?? '' });
    const about = server.turns().map(({ messages, ...turn }) => ({
      ...turn,
      texts: messages.map(textOf),
    }));
    const turn = { id: 'chat', taskId: expect.any(String), trigger: 'submit-message' };
    expect(about).toEqual([
      { ...turn, texts: ['One.'], model: 'small' },
      { ...turn, texts: ['Two.'], model: 'large' },
      {
        ...turn,
        texts: ['One.'],
        model: 'small',
        trigger: 'regenerate-message',
        messageId: answer?.id,
      },
      { ...turn, texts: ['Edited.'], model: 'small', messageId: first?.id },
    ]);
    await keeps(server, 'Edited.', '3');
  });

  it('uploads the message that goes on, also one that is not the last', async () => {
    const server = await serve((response) => void sendTaskHead(response).end());
    const messages = [user('a'), assistant('b'), user('c'), assistant('d')];
    const page = await openPage(version, { api: `${server.api}?x=1`, layout });
    const { transport } = page;
    for (const messageId of ['b', 'gone', undefined]) {
      const stream = await transport.sendMessages({
        ...{ chatId: 'chat', trigger: 'submit-message', messages, messageId },
        abortSignal: undefined,
      });
      await stream.cancel();
    }
    const sent = server.requests.filter(({ method }) => method === 'POST');
    const ids = sent.map(({ body }) => JSON.parse(body).messages.map(({ id }: UIMessage) => id));
    expect(ids).toEqual([['b'], ['d'], ['d']]);
    expect(sent[0]?.path).toBe('/api/task?x=1');
  });

  it('resumes and stops at the same address', async () => {
    const server = await serveOneFile({
      async execute({ writer, signal }) {
        say(writer, 'Half.');
        await aborted(signal);
      },
    });
    const page = await openPage(version, { api: server.api, layout });
    const sent = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'Half.');
    const other = page.openChat({ id: 'chat', transport: page.createTransport() });
    const resumed = other.chat.resumeStream();
    await until(() => textOf(other.chat.messages.at(-1)) === 'Half.');
    expect(await page.transport.cancel('chat', 'Enough.')).toBe(true);
    await Promise.all([sent, resumed]);
    const [{ taskId } = { taskId: '' }] = server.turns();
    expect(server.requests.map(({ method, query }) => [method, query])).toEqual([
      ['POST', {}],
      ['GET', { chatId: 'chat' }],
      ['DELETE', { chatId: 'chat', taskId, reason: 'Enough.' }],
    ]);
  });

  it('takes what the page prepares by itself', async () => {
    const server = await serve((response) => void response.writeHead(204).end());
    const page = await openPage(version, {
      ...{ api: server.api, layout },
      prepareReconnectToStreamRequest: ({ id }) => ({ api: `${server.api}/mine/${id}` }),
    });
    await page.chat.resumeStream();
    expect(server.requests[0]?.path).toBe('/api/task/mine/chat');
  });

  it('sends a message again while the server answers that it cannot be reached', async () => {
    const server = await serveOneFile({
      execute: ({ writer }) => say(writer, 'Here.'),
      intercept(_, response) {
        if (server.count('POST') > 2) return false;
        response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Draining</h1>');
        return true;
      },
    });
    const page = await openPage(version, { api: server.api, layout });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.errors).toEqual([]);
    expect(textOf(page.answer())).toBe('Here.');
    expect(new Set(server.turns().map(({ taskId }) => taskId)).size).toBe(1);
  });

  it('tells each refusal as a sentence', async () => {
    const answers = ['<h1>Oops</h1>', '{"error":{"code":"chat-busy","message":"It is busy."}}'];
    const server = await serve((response, _, index) => {
      response.writeHead(409, { 'content-type': 'text/html' }).end(answers[index]);
    });
    const page = await openPage(version, { api: server.api, layout });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.chat.error).toMatchObject({
      code: 'refused',
      message: 'Status 409. Check address and access.',
    });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.chat.error).toMatchObject({ code: 'chat-busy', message: 'It is busy.' });
  });
});
