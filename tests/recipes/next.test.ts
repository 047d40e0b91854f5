// What README.md and docs/chat.md show, in fresh Next.js projects.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../helpers/redis-server';
import {
  type ChatHost,
  click,
  createChatHost,
  oneFile,
  question,
  shows,
  until,
  whole,
} from './chat-host';
import { type RecipesDesk, startRecipesDesk } from './desk';
import { driveChatPage } from './drive-chat-page';
import { driveOneFileChat } from './drive-one-file-chat';
import { driveTaskPage } from './drive-task-page';
import type { Major } from './read-recipe';
import { serveNext } from './serve-next';

const majors: Major[] = [7, 6];

let desk: RecipesDesk;
let hosts: Record<Major, ChatHost>;
let oneFileHosts: typeof hosts;

beforeAll(async () => {
  desk = await startRecipesDesk();
  const { url, stop } = await startRedis();
  desk.own(url, stop);
  const [seven, six] = await Promise.all([serveNext(desk, 7, url), serveNext(desk, 6, url)]);
  hosts = { 7: createChatHost(desk, seven), 6: createChatHost(desk, six) };
  oneFileHosts = {
    7: createChatHost(desk, seven, oneFile),
    6: createChatHost(desk, six, oneFile),
  };
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

  describe('with its chat in one file', () => {
    driveOneFileChat(
      () => desk,
      () => oneFileHosts[major],
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
it('the chats lose neither question nor answer when their servers are killed, and with `retry` go on', async () => {
  const surviving = majors.map(async (major) => {
    const { openHeld, keeps, server } = hosts[major];
    const { page, chatId } = await openHeld();
    const retried = await oneFileHosts[major].openHeld();
    await server.kill();
    await server.start();
    await keeps(chatId, question, until(0.3));
    await shows(page, question, until(0.3));
    return { major, page, retried, keeps: (...texts: string[]) => keeps(chatId, ...texts) };
  });
  const survived = await Promise.all(surviving);
  desk.release();
  for (const { major, page, retried, keeps } of survived) {
    await shows(retried.page, question, whole);
    await oneFileHosts[major].keeps(retried.chatId, question, whole);
    await retried.page.reload();
    await shows(retried.page, question, whole);
    await click(page, 'Send');
    await shows(page, question, until(0.3), question, whole);
    await page.reload();
    await shows(page, question, until(0.3), question, whole);
    await keeps(question, until(0.3), question, whole);
  }
  expect(desk.takeComplaints()).toEqual([]);
});
