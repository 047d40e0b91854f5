import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { composeAnswer } from '../../examples/next-chat/local-model/compose-answer.mjs';
import { createDeferred } from '../helpers/async';
import { cutAfter } from '../helpers/chat-server';
import { startRedis } from '../helpers/redis-server';
import type { ChatHost } from './chat-majors/chat-host';
import { type MajorsDesk, startMajorsDesk } from './chat-majors/majors-desk';
import {
  ask,
  type MajorTab,
  reconnecting,
  rendered,
  shows,
  stop,
  tryAgain,
} from './chat-majors/majors-page';
import { setVisibility, wordsUntil } from './chat-page';
import { patience } from './desk';

const story = 'Tell me a story about a lighthouse';
const reportRequest = 'Write a report about small harbours';
const failing = 'Why do good plans fail?';

const composed = composeAnswer(story, { canWriteReports: true });
const textUntil = (share: number) => wordsUntil(composed.text, share);
const thoughtUntil = (share: number) => wordsUntil(composed.reasoning ?? '', share);

const majors = [7, 6] as const;

let desk: MajorsDesk;
let hosts: Record<(typeof majors)[number], ChatHost>;

beforeAll(async () => {
  desk = await startMajorsDesk();
  hosts = { 7: await desk.startHost(7), 6: await desk.startHost(6) };
});

afterAll(() => desk?.close());

afterEach(() => desk.tidy());

/** A tab whose answer is held in the middle. */
async function openHeld(host: ChatHost, share = 0.5): Promise<MajorTab> {
  const tab = await desk.openTab(host);
  desk.holdAt(share, 'answer');
  await ask(tab.page, story);
  await shows(tab.page, textUntil(share));
  return tab;
}

describe.each(majors)('a chat of AI SDK %i in a browser, in StrictMode', (major) => {
  let host: ChatHost;
  let undisturbed: string;

  beforeEach(async () => {
    host = hosts[major];
    undisturbed = await desk.readUndisturbed(host, story);
  });

  it('goes on after a reload in the middle of a text', async () => {
    const tab = await openHeld(host);
    await tab.page.reload();
    await shows(tab.page, textUntil(0.5));
    desk.release();
    await desk.expectWhole(tab, undisturbed);
    await tab.page.reload();
    await desk.expectWhole(tab, undisturbed);
  });

  it('goes on after a reload in the middle of a thought', async () => {
    const tab = await desk.openTab(host);
    desk.holdAt(0.6, 'reasoning');
    await ask(tab.page, story);
    await shows(tab.page, thoughtUntil(0.6));
    await tab.page.reload();
    await shows(tab.page, thoughtUntil(0.6));
    desk.release();
    await desk.expectWhole(tab, undisturbed);
  });

  it('goes on after a reload in the middle of a tool call', async () => {
    const whole = await desk.readUndisturbed(host, reportRequest);
    expect(whole).toContain('output-available');
    const tab = await desk.openTab(host);
    desk.holdAt(0.5, 'report');
    await ask(tab.page, reportRequest);
    const progress = tab.page.getByText('report: running, 2');
    await progress.waitFor();
    await tab.page.reload();
    await progress.waitFor();
    expect(await rendered(tab.page)).toContain('input-available');
    desk.release();
    await desk.expectWhole(tab, whole);
    await tab.page.reload();
    await desk.expectWhole(tab, whole);
  });

  it('goes on when another instance takes the place of the one that answers', async () => {
    const redis = await startRedis();
    const shared = await desk.startHost(major, { redisUrl: redis.url });
    try {
      const tab = await desk.openTab(shared);
      desk.holdAt(0.4, 'answer');
      await ask(tab.page, story);
      await shows(tab.page, textUntil(0.4));
      await shared.stop();
      await reconnecting(tab.page);
      shared.replaceInstance();
      await shared.start();
      // Connected, but not a word further.
      await tab.page.locator('article[data-connection=connected]').waitFor();
      await shows(tab.page, textUntil(0.4));
      desk.release();
      await desk.expectWhole(tab, undisturbed);
      await tab.page.reload();
      await desk.expectWhole(tab, undisturbed);
    } finally {
      await desk.tidy();
      await shared.close();
      await redis.stop();
    }
  });

  it('catches up when a page that was hidden and cut off is shown again', async () => {
    const tab = await openHeld(host, 0.2);
    await setVisibility(tab.page, 'hidden');
    await host.stop();
    desk.release();
    await expect.poll(() => host.store.get(tab.chatId)?.length, patience).toBe(2);
    await host.start();
    await setVisibility(tab.page, 'visible');
    await desk.expectWhole(tab, undisturbed);
  });

  it('shows one answer in two tabs', async () => {
    const first = await openHeld(host);
    const second = await desk.openTabBeside(first);
    await shows(second.page, textUntil(0.5));
    desk.release();
    await desk.expectWhole(first, undisturbed);
    await desk.expectWhole(second, undisturbed);
  });

  it('stops in one tab while another watches', async () => {
    const first = await openHeld(host);
    const second = await desk.openTabBeside(first);
    await shows(second.page, textUntil(0.5));
    await stop(second.page);
    for (const tab of [first, second]) {
      await tab.page.getByText('cancelled', { exact: true }).waitFor();
      await shows(tab.page, textUntil(0.5));
    }
    const stopped = await rendered(first.page);
    await desk.expectWhole(second, stopped);
    await first.page.reload();
    await desk.expectWhole(first, stopped);
  });

  it('stops, too, when asked while it is reconnecting', async () => {
    const tab = await openHeld(host);
    await host.stop();
    await reconnecting(tab.page);
    await stop(tab.page);
    await host.start();
    await tab.page.getByText('cancelled', { exact: true }).waitFor();
    await shows(tab.page, textUntil(0.5));
    await desk.expectWhole(tab, await rendered(tab.page));
    expect(await tab.page.getByRole('alert').count()).toBe(0);
  });

  it('stops, too, when asked while its new connection is not answered yet', async () => {
    const tab = await openHeld(host);
    const connecting = createDeferred();
    const cancelled = createDeferred();
    host.intercept = async ({ method }, response) => {
      if (method === 'DELETE') response.once('close', cancelled.resolve);
      if (method === 'GET') {
        connecting.resolve();
        await cancelled.promise;
      }
      return false;
    };
    host.cut();
    await connecting.promise;
    await stop(tab.page);
    await tab.page.getByText('cancelled', { exact: true }).waitFor();
    await shows(tab.page, textUntil(0.5));
    await desk.expectWhole(tab, await rendered(tab.page));
  });

  it('says so when the route fails before its first byte, and answers when asked again', async () => {
    const tab = await desk.openTab(host);
    host.intercept = ({ method }, response) => {
      if (method !== 'POST') return false;
      response.writeHead(500).end('It broke.');
      return true;
    };
    await ask(tab.page, story);
    await tab.page.getByRole('alert').waitFor();
    expect(host.store.has(tab.chatId)).toBe(false);
    host.intercept = () => false;
    await tryAgain(tab.page);
    await desk.expectWhole(tab, undisturbed);
    expect(await tab.page.getByRole('alert').count()).toBe(0);
  });

  it('goes on when the route fails after its first byte, and then cannot be asked', async () => {
    const tab = await desk.openTab(host);
    let refusals = 0;
    host.intercept = ({ method }, response) => {
      if (method === 'POST') cutAfter(response, 900);
      if (method !== 'GET' || refusals === 2) return false;
      refusals += 1;
      response.writeHead(500).end('It broke.');
      return true;
    };
    await ask(tab.page, story);
    await desk.expectWhole(tab, undisturbed);
    expect(refusals).toBe(2);
  });

  it('shows an answer as far as it came before the model failed, and nothing of why', async () => {
    const tab = await desk.openTab(host);
    await ask(tab.page, failing);
    await tab.page.getByRole('alert').waitFor();
    const failed = await rendered(tab.page);
    expect(failed).toContain(
      wordsUntil(composeAnswer(failing, { canWriteReports: true }).text, 0.5),
    );
    expect(await tab.page.content()).not.toContain('The server had an error while writing');
    await desk.expectWhole(tab, failed);
    await tab.page.reload();
    await desk.expectWhole(tab, failed);

    await tryAgain(tab.page);
    await tab.page.getByRole('alert').waitFor();
    await desk.expectWhole(tab, failed);
  });

  it('answers when asked again after an error that was masked', async () => {
    const tab = await desk.openTab(host);
    host.beforeAnswer = () => {
      throw new Error('The password is wrong.');
    };
    await ask(tab.page, story);
    await tab.page.getByRole('alert').getByText('The task failed.', { exact: true }).waitFor();
    expect(await tab.page.content()).not.toContain('password');
    await desk.expectWhole(tab, await rendered(tab.page));
    host.beforeAnswer = () => {};
    await tryAgain(tab.page);
    await tab.page.getByRole('alert').waitFor({ state: 'hidden' });
    await desk.expectWhole(tab, undisturbed);
  });

  it('shows an answer once that was completed while the page was away', async () => {
    const tab = await openHeld(host);
    await tab.page.goto('about:blank');
    desk.release();
    await expect.poll(() => host.store.get(tab.chatId)?.length, patience).toBe(2);
    const isAsked = tab.page.waitForResponse((response) => response.url().endsWith('/stream'));
    await tab.page.goBack();
    await desk.expectWhole(tab, undisturbed);
    expect((await isAsked).status()).toBe(204);
    await desk.expectWhole(tab, undisturbed);
  });
});

describe('chats of both majors at once', () => {
  it('miss and double nothing when the network is away for five seconds', async () => {
    const undisturbed = new Map<ChatHost, string>();
    for (const major of majors) {
      undisturbed.set(hosts[major], await desk.readUndisturbed(hosts[major], story));
    }
    const tabs: MajorTab[] = [];
    for (const major of majors) tabs.push(await openHeld(hosts[major], 0.3));
    for (const { page, host } of tabs) {
      await page.context().setOffline(true);
      host.cut();
      await reconnecting(page);
    }
    desk.release();
    for (const { host, chatId } of tabs) {
      await expect.poll(() => host.store.get(chatId)?.length, patience).toBe(2);
    }
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    for (const { page } of tabs) await shows(page, textUntil(0.3));
    for (const tab of tabs) {
      await tab.page.context().setOffline(false);
      await desk.expectWhole(tab, undisturbed.get(tab.host) ?? '');
    }
  });
});
