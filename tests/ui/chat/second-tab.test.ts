import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDeferred, turns, until } from '../../helpers/async';
import { chatVersions } from '../../helpers/chat-versions';
import { stubPage } from '../../helpers/page';
import { say, serveOneFile, showChat, textMessage } from './one-file';

afterEach(() => void vi.unstubAllGlobals());

describe.each(chatVersions)('a second page of a chat, with AI SDK $version', (version) => {
  /** A chat whose answers are held until the test lets them go on. */
  async function serveTabs() {
    const gate = createDeferred();
    const server = await serveOneFile({
      messages: [textMessage('user', 'Why?'), textMessage('assistant', 'So.')],
      async execute({ writer }) {
        say(writer, 'Half.');
        await gate.promise;
        say(writer, ' Whole.', 'u');
      },
    });
    const ask = async () => {
      const response = await server.ask('chat', 'Go.');
      await response.body?.cancel();
    };
    return { server, gate, ask };
  }
  const before = ['Why?', 'So.'];

  it.each(['visible', 'online', 'focused'])(
    'follows a turn that began elsewhere once it is %s',
    async (return_) => {
      const window = stubPage();
      const { server, gate, ask } = await serveTabs();
      const page = await showChat(version, server);
      await page.rests(...before);
      await ask();
      expect(server.count('load')).toBe(1);
      if (return_ === 'visible') window.setVisible(true);
      if (return_ === 'online') window.setOnline(true);
      if (return_ === 'focused') window.focus();
      await page.shows(() => page.texts().includes('Half.'));
      expect(page.texts()).toEqual([...before, 'Go.', 'Half.']);
      gate.resolve();
      await page.rests(...before, 'Go.', 'Half. Whole.');
      page.leave();
      await until(() => window.listenerCount() === 0);
    },
  );

  it('takes over what was said elsewhere, and leaves the same messages the same', async () => {
    const window = stubPage();
    const { server } = await serveTabs();
    const page = await showChat(version, server);
    await page.rests(...before);
    const { messages } = page.state();
    window.focus();
    await until(() => server.count('load') === 2);
    await page.chat.reload();
    expect(page.state().messages).toBe(messages);
    server.chats.get('chat')?.push(textMessage('user', 'Later.'));
    window.focus();
    await page.rests(...before, 'Later.');
    expect(page.state().messages[1]).toBe(messages[1]);
  });

  it('asks for nothing while its own answer comes, and while it is hidden', async () => {
    const window = stubPage();
    const { server, gate } = await serveTabs();
    const page = await showChat(version, server);
    await page.rests(...before);
    const sent = page.chat.sendMessage({ text: 'Go.' });
    await page.shows(() => page.texts().includes('Half.'));
    window.setVisible(false);
    window.setVisible(true);
    window.focus();
    await turns();
    gate.resolve();
    await sent;
    expect(server.count('load')).toBe(1);
  });

  it('follows a turn at once where the host says so', async () => {
    const { server, gate, ask } = await serveTabs();
    const page = await showChat(version, server, { follow: 'live' });
    await page.rests(...before);
    await until(() => server.count('follow') === 1);
    expect(server.requests.at(-1)?.query).toEqual({ chatId: 'chat', wait: '25000' });
    await ask();
    await page.shows(() => page.texts().includes('Half.'));
    expect(page.texts()).toEqual([...before, 'Go.', 'Half.']);
    gate.resolve();
    await page.rests(...before, 'Go.', 'Half. Whole.');
    // It waits for the next one.
    const waits = () => server.requests.filter(({ query }) => query.wait).length;
    await until(() => waits() === 2);
    const sent = page.chat.sendMessage({ text: 'More.' });
    await sent;
    await until(() => waits() === 3);
    page.leave();
  });

  it('asks again in time, and not without a pause, where the server holds no request', async () => {
    const server = await serveOneFile({
      execute() {},
      intercept({ query }, response) {
        if (query.wait) response.writeHead(204).end();
        return query.wait !== undefined;
      },
    });
    const follow = 'live' as const;
    const page = await showChat(version, server, { follow, reconnect: { maxAttempts: 3 } });
    await page.rests();
    await until(() => server.count('follow') === 3);
    await turns(20);
    expect(server.count('follow')).toBe(3);
    expect(page.errors).toEqual([]);
  });
});
