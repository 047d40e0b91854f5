import { describe, expect, it } from 'vitest';
import { aborted, createDeferred, turns, until } from '../../helpers/async';
import { chatVersions } from '../../helpers/chat-versions';
import { serve } from '../helpers';
import { say, serveOneFile, showChat, textMessage, textsOf } from './one-file';

const [question, answer] = [textMessage('user', 'Why?'), textMessage('assistant', 'So.')];

describe.each(chatVersions)('createTaskChat with AI SDK $version', (version) => {
  /** A server whose answer stops half way until the test lets it go on. */
  async function serveHalf(options: Partial<Parameters<typeof serveOneFile>[0]> = {}) {
    const gate = createDeferred();
    const server = await serveOneFile({
      async execute({ writer, signal }) {
        say(writer, 'Half.');
        await Promise.race([gate.promise, aborted(signal)]);
        if (!signal.aborted) say(writer, ' Whole.', 'u');
      },
      ...options,
    });
    return { server, gate };
  }

  it('loads a chat with its first listener, and says that it is loading', async () => {
    const server = await serveOneFile({ execute() {}, messages: [question, answer] });
    const { createTaskChat } = await version.load();
    const chat = createTaskChat({ id: 'chat', api: server.api });
    expect(chat.getState()).toMatchObject({ messages: [], isLoading: true, status: 'ready' });
    await turns();
    expect(server.requests).toEqual([]);
    const page = await showChat(version, server);
    expect(page.state().isLoading).toBe(true);
    await page.rests('Why?', 'So.');
    expect(page.state()).toMatchObject({ isLoading: false, error: undefined });
    expect(server.requests.map(({ headers }) => headers.accept)).toEqual(['application/json']);
  });

  it('shows what it is given until then', async () => {
    const server = await serveOneFile({ execute() {}, messages: [question, answer] });
    const page = await showChat(version, server, { messages: [question] });
    expect(page.state()).toMatchObject({ messages: [question], isLoading: false });
    await page.rests('Why?', 'So.');
  });

  it('sends a message that was written while it was loading', async () => {
    const server = await serveOneFile({
      execute: ({ writer }) => say(writer, 'Here.'),
      messages: [question, answer],
    });
    const page = await showChat(version, server);
    await page.chat.sendMessage({ text: 'And?' });
    await page.rests('Why?', 'So.', 'And?', 'Here.');
    expect(page.finishes).toEqual([{ isAbort: false, isError: false }]);
    expect(page.statuses).toEqual(['ready', 'submitted', 'streaming', 'ready']);
  });

  it('is told of the title that a chat gets beside its first answer, which no message has', async () => {
    const titled: string[][] = [];
    const server = await serveOneFile({
      execute: ({ writer }) => say(writer, 'Here.'),
      onFirstTurn({ messages, writer }) {
        titled.push(textsOf(messages));
        writer.write({ type: 'data-title', data: 'Greeting', transient: true });
      },
    });
    const told: unknown[] = [];
    const page = await showChat(version, server, {
      onData: ({ type, data }) => void (type === 'data-title' && told.push(data)),
    });
    await page.chat.sendMessage({ text: 'Hello.' });
    await page.rests('Hello.', 'Here.');
    await page.chat.sendMessage({ text: 'And?' });
    await page.rests('Hello.', 'Here.', 'And?', 'Here.');
    expect(told).toEqual(['Greeting']);
    expect(titled).toEqual([['Hello.']]);
    for (const messages of [page.state().messages, server.chats.get('chat') ?? []]) {
      expect(JSON.stringify(messages)).not.toContain('Greeting');
    }
  });

  it('follows a running answer after a reload, and is never idle meanwhile', async () => {
    const { server, gate } = await serveHalf();
    const first = await showChat(version, server);
    void first.chat.sendMessage({ text: 'Go.' });
    await first.shows(() => first.texts().includes('Half.'));
    first.leave();
    const second = await showChat(version, server);
    await second.shows(() => second.texts().includes('Half.'));
    expect(second.state().status).toBe('streaming');
    gate.resolve();
    await second.rests('Go.', 'Half. Whole.');
    expect(second.statuses).toEqual(['ready', 'submitted', 'streaming', 'ready']);
    expect(server.turns()).toHaveLength(1);
  });

  it('takes over what was saved of an answer that it has followed', async () => {
    const saving = createDeferred();
    const { server, gate } = await serveHalf({ beforeSave: () => saving.promise });
    await server.ask('chat', 'Go.').then((response) => response.body?.cancel());
    const page = await showChat(version, server);
    await page.shows(() => page.texts().includes('Half.'));
    gate.resolve();
    await page.shows(({ status }) => status === 'ready');
    expect(page.texts()).toEqual(['Go.', 'Half. Whole.']);
    const saved = server.count('load');
    saving.resolve();
    await until(() => textsOf(server.chats.get('chat')).includes('Half. Whole.'));
    await until(() => server.count('load') > saved);
    await page.rests('Go.', 'Half. Whole.');
  });

  it('leaves an answer with its last listener, and comes back to it', async () => {
    const { server, gate } = await serveHalf();
    const page = await showChat(version, server);
    const sent = page.chat.sendMessage({ text: 'Go.' });
    await page.shows(() => page.texts().includes('Half.'));
    page.leave();
    await sent;
    expect(server.count('DELETE')).toBe(0);
    const stop = page.chat.subscribe(() => {});
    gate.resolve();
    await until(() => page.texts().includes('Half. Whole.'));
    await until(() => page.state().status === 'ready');
    stop();
    expect(server.turns()).toHaveLength(1);
    await until(() => textsOf(server.chats.get('chat')).includes('Half. Whole.'));
  });

  it('lets a message arrive that was sent right before it was left', async () => {
    const arrived = createDeferred();
    const server = await serveOneFile({
      execute: ({ writer }) => say(writer, 'Here.'),
      async intercept({ method }) {
        if (method === 'POST') await arrived.promise;
        return false;
      },
    });
    const page = await showChat(version, server);
    await page.rests();
    const sent = page.chat.sendMessage({ text: 'Go.' });
    await until(() => server.count('POST') === 1);
    page.leave();
    await turns();
    arrived.resolve();
    await sent;
    await until(() => textsOf(server.chats.get('chat')).includes('Here.'));
  });

  it('stops the work, and says so until it is over', async () => {
    const over = createDeferred();
    const server = await serveOneFile({
      async execute({ writer, signal }) {
        say(writer, 'Half.');
        await aborted(signal);
        await over.promise;
      },
    });
    const page = await showChat(version, server);
    const sent = page.chat.sendMessage({ text: 'Go.' });
    await page.shows(() => page.texts().includes('Half.'));
    const stopped = page.chat.stop('Enough.');
    expect(page.state()).toMatchObject({ isStopping: true, status: 'streaming' });
    expect(await stopped).toBe(true);
    expect(page.state()).toMatchObject({ isStopping: true, status: 'streaming' });
    over.resolve();
    await sent;
    expect(page.state()).toMatchObject({ isStopping: false, status: 'ready', error: undefined });
    expect(page.finishes).toEqual([{ isAbort: true, isError: false }]);
    expect(await page.chat.stop()).toBe(false);
    expect(page.state().isStopping).toBe(false);
  });

  it('stops an answer that another page has asked for', async () => {
    const { server } = await serveHalf();
    const asking = await showChat(version, server);
    const sent = asking.chat.sendMessage({ text: 'Go.' });
    await asking.shows(() => asking.texts().includes('Half.'));
    const other = await showChat(version, server);
    await other.shows(({ status }) => status === 'streaming');
    expect(await other.chat.stop()).toBe(true);
    await sent;
    await other.rests('Go.', 'Half.');
    expect(other.errors).toEqual([]);
  });

  it('tells as a sentence why a chat cannot be loaded, and loads it anew', async () => {
    let isUp = false;
    const body = '{"error":{"code":"not-found","message":"There is no such chat."}}';
    const server = await serveOneFile({
      execute() {},
      messages: [question],
      intercept(_, response) {
        if (!isUp) response.writeHead(404).end(body);
        return !isUp;
      },
    });
    const page = await showChat(version, server);
    await page.shows(({ status }) => status === 'error');
    const told = { code: 'not-found', message: 'There is no such chat.' };
    expect(page.state()).toMatchObject({ isLoading: false, error: told });
    expect(page.errors).toMatchObject([told]);
    page.chat.clearError();
    expect(page.state()).toMatchObject({ status: 'ready', error: undefined });
    await page.chat.reload();
    expect(page.state().error).toMatchObject(told);
    isUp = true;
    await page.chat.reload();
    expect(page.state()).toMatchObject({ status: 'ready', error: undefined, messages: [question] });
  });

  it('tells that an address is not that of a chat', async () => {
    const server = await serve((response) => response.end('<h1>Hello</h1>'));
    const page = await showChat(version, server);
    await page.shows(({ status }) => status === 'error');
    expect(page.state().error).toMatchObject({ code: 'invalid-response' });
  });

  it('tells as a sentence that nobody can be reached, and sends the message anew', async () => {
    const server = await serveOneFile({ execute: ({ writer }) => say(writer, 'Here.') });
    const page = await showChat(version, server, { reconnect: { maxAttempts: 2 } });
    await page.rests();
    await server.stop();
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.state()).toMatchObject({
      status: 'error',
      error: { code: 'gave-up', message: 'The server cannot be reached. Try again.' },
    });
    expect(page.texts()).toEqual(['Go.']);
    await server.start();
    // Looks whether it has arrived, and leaves it alone because it has not.
    await page.chat.reload();
    expect(page.state().status).toBe('error');
    expect(page.texts()).toEqual(['Go.']);
    await page.chat.regenerate();
    await page.rests('Go.', 'Here.');
  });

  it('finds out that a message has arrived whose answer was lost on its way', async () => {
    const { server, gate } = await serveHalf({
      async intercept({ method, body }, response) {
        if (method !== 'POST' || server.count('POST') > 2) return false;
        // The server takes the message, and the page hears nothing of it.
        if (server.count('POST') === 2 && body) {
          const sent = await server.send(body);
          await sent.body?.cancel();
        }
        response.socket?.destroy();
        return true;
      },
    });
    const page = await showChat(version, server, { reconnect: { maxAttempts: 2 } });
    await page.rests();
    void page.chat.sendMessage({ text: 'Go.' });
    await page.shows(() => page.texts().includes('Half.'));
    expect(page.state()).toMatchObject({ status: 'streaming', error: undefined });
    gate.resolve();
    await page.rests('Go.', 'Half. Whole.');
  });

  it('follows an answer again by itself where what is void cannot be taken back', async () => {
    const server = await serveOneFile({
      async execute({ writer, task: { attempt } }) {
        say(writer, attempt === 1 ? 'Void.' : 'Good.');
        if (attempt > 1) return;
        await until(() => page.texts().includes('Void.'));
        throw Object.assign(new Error('Once more.'), { retry: true });
      },
      shouldRetry: () => true,
    });
    const page = await showChat(version, server);
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.texts()).toEqual(['Go.', 'Good.']);
    await page.rests('Go.', 'Good.');
    expect(page.errors).toEqual([]);
    expect(page.finishes).toEqual([{ isAbort: false, isError: false }]);
    expect(page.statuses.filter((status) => status === 'ready')).toHaveLength(2);
  });
});
