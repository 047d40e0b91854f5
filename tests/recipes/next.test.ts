// What README.md and docs/chat.md show, in fresh Next.js projects.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../helpers/redis-server';
import { type ChatHost, click, createChatHost, question, shows, until, whole } from './chat-host';
import { type RecipesDesk, startRecipesDesk } from './desk';
import { driveChatPage } from './drive-chat-page';
import { driveTaskPage } from './drive-task-page';
import type { Major } from './read-recipe';
import { serveNext } from './serve-next';

const majors: Major[] = [7, 6];

let desk: RecipesDesk;
let hosts: Record<Major, ChatHost>;

beforeAll(async () => {
  desk = await startRecipesDesk();
  const { url, stop } = await startRedis();
  desk.own(url, stop);
  const start = async (major: Major) => createChatHost(desk, await serveNext(desk, major, url));
  const [seven, six] = await Promise.all([start(7), start(6)]);
  hosts = { 7: seven, 6: six };
});

afterEach(() => desk.tidy());
afterAll(() => desk?.close());

describe.each(majors)('a fresh Next.js project with the recipes, and AI SDK %i', (major) => {
  describe('on the page of README.md', () => {
    driveTaskPage(
      () => desk,
      () => {
        const { server } = hosts[major];
        return { address: server.wire.address, server, prompt: 'A report about tides' };
      },
    );
  });

  describe('on the page of docs/chat.md', () => {
    driveChatPage(
      () => desk,
      () => hosts[major],
    );
  });
});

// Side by side, since a task counts as lost some heartbeats later only.
it('the chats of docs/chat.md lose neither question nor answer when their servers are killed', async () => {
  const surviving = majors.map(async (major) => {
    const { openHeld, keeps, server } = hosts[major];
    const { page, chatId } = await openHeld();
    await server.kill();
    await server.start();
    await keeps(chatId, question, until(0.3));
    await shows(page, question, until(0.3));
    return { page, keeps: (...texts: string[]) => keeps(chatId, ...texts) };
  });
  const survived = await Promise.all(surviving);
  desk.release();
  for (const { page, keeps } of survived) {
    await click(page, 'Send');
    await shows(page, question, until(0.3), question, whole);
    await page.reload();
    await shows(page, question, until(0.3), question, whole);
    await keeps(question, until(0.3), question, whole);
  }
  expect(desk.takeComplaints()).toEqual([]);
});
