import type { Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ChatDesk, startChatDesk } from './chat-desk';
import {
  alert,
  answers,
  ask,
  bare,
  composed,
  ended,
  rendered,
  setVisibility,
  shows,
  textUntil,
  wordsUntil,
} from './chat-page';
import { createCuttableProxy } from './cuttable-proxy';
import { patience } from './report-desk';

const story = 'Tell me a story about a lighthouse';
const reportRequest = 'Write a report about small harbours';

let desk: ChatDesk;

beforeAll(async () => {
  desk = await startChatDesk();
});

afterAll(() => desk?.close());

afterEach(() => desk.closeTabs());

describe('the chat in a browser', () => {
  it('shows thoughts and a growing answer, and keeps both once', async () => {
    const { page, complaints } = await desk.openTab();
    desk.holdAt('answer', 0.5);
    await ask(page, story);
    await shows(page, textUntil(story, 0.5));
    expect(await page.locator('.badge').textContent()).toBe('Connected');
    expect(await answers(page).getAttribute('aria-busy')).toBe('true');
    expect(new URL(page.url()).searchParams.get('chat')).toBeTruthy();
    expect(await page.getByRole('navigation', { name: 'Chats' }).textContent()).toContain(story);

    desk.release();
    await ended(page);
    await shows(page, composed(story).text);
    await page.getByText('Thought about it').click();
    expect(await page.locator('.reasoning .prose').textContent()).toContain('Looking for a story');
    await expect.poll(() => textsKept(page), patience).toEqual([composed(story).text]);
    expect(desk.outcomes()).toEqual(['answer completed']);
    expect(complaints).toEqual([]);
  });

  it('goes on after a reload in the middle of a text', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const { page, complaints } = await desk.openTab();
    desk.holdAt('answer', 0.4);
    await ask(page, story);
    await shows(page, textUntil(story, 0.4));

    await page.reload();
    await shows(page, textUntil(story, 0.4));
    desk.release();
    await desk.expectWhole(page, undisturbed);
    await page.reload();
    await desk.expectWhole(page, undisturbed);
    expect(desk.outcomes()).toEqual(['answer completed']);
    expect(complaints).toEqual([]);
  });

  it('goes on after a reload in the middle of a thought', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const { page, complaints } = await desk.openTab();
    desk.holdAt('reasoning', 0.6);
    await ask(page, story);
    const thought = bare(wordsUntil(composed(story).reasoning ?? '', 0.6));
    const shownThought = async () =>
      bare((await page.locator('.reasoning .prose').textContent()) ?? '');
    await expect.poll(shownThought, patience).toBe(thought);

    await page.reload();
    await expect.poll(shownThought, patience).toBe(thought);
    desk.release();
    await desk.expectWhole(page, undisturbed);
    expect(desk.outcomes()).toEqual(['answer completed']);
    expect(complaints).toEqual([]);
  });

  it('goes on after a reload in the middle of a tool call, with its progress and its log', async () => {
    const undisturbed = await desk.readUndisturbed(reportRequest);
    const { page, complaints } = await desk.openTab();
    desk.holdAt('report', 0.5);
    await ask(page, reportRequest);
    await desk.held();
    const progress = page.getByRole('progressbar', { name: 'Report: small harbours' });
    const percent = async () => Number(await progress.getAttribute('aria-valuenow'));
    const facts = async () => ({
      message: await page.locator('.run-message').textContent(),
      steps: await page.getByRole('list', { name: 'Steps' }).textContent(),
      sections: await page.getByRole('list', { name: 'Sections' }).textContent(),
      log: await page.getByRole('log').textContent(),
      text: await page.locator('.document .prose').textContent(),
    });
    await expect.poll(async () => (await facts()).message, patience).toBe('Section 3 of 5');
    await expect.poll(async () => (await facts()).log, patience).toContain('Section 3 of 5');
    const before = await facts();
    const percentBefore = await percent();
    expect(percentBefore).toBeGreaterThan(15);
    expect(percentBefore).toBeLessThan(90);
    expect(before.steps).toMatch(/outline\s*done\s*write\s*running\s*polish\s*waiting/);
    expect(before.log).toContain('The outline has 5 sections.');
    expect(before.text).toContain('The question behind the question');

    await page.reload();
    await progress.waitFor();
    await expect.poll(facts, patience).toEqual(before);
    expect(await percent()).toBeGreaterThanOrEqual(percentBefore);
    desk.release();
    await desk.expectWhole(page, undisturbed);
    await page.reload();
    await desk.expectWhole(page, undisturbed);
    expect(desk.outcomes()).toEqual([
      'answer completed',
      'outline completed',
      'report completed',
      'closing completed',
    ]);
    expect(complaints).toEqual([]);
  });

  it('misses and doubles nothing when the network is away for five seconds', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const proxy = await createCuttableProxy(desk.address);
    try {
      const { page, complaints } = await desk.openTab({ address: proxy.address });
      desk.holdAt('answer', 0.3);
      await ask(page, story);
      await shows(page, textUntil(story, 0.3));

      await page.context().setOffline(true);
      proxy.cut();
      await page.getByText('Reconnecting').waitFor();
      desk.release();
      await expect.poll(desk.outcomes, patience).toEqual(['answer completed']);
      await page.waitForTimeout(5_000);
      await shows(page, textUntil(story, 0.3));

      proxy.mend();
      await page.context().setOffline(false);
      await desk.expectWhole(page, undisturbed);
      // The browser's own words about the network are not the page's.
      expect(complaints.filter((complaint) => !complaint.includes('net::ERR_'))).toEqual([]);
    } finally {
      await desk.closeTabs();
      await proxy.close();
    }
  });

  it('needs nothing but the answer while it is being written', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const { page } = await desk.openTab();
    await page.waitForLoadState('networkidle');
    await page.route(
      () => true,
      (route) => (route.request().method() === 'POST' ? route.continue() : route.abort()),
    );
    await ask(page, story);
    await desk.expectWhole(page, undisturbed);
  });

  it('finds the answer to a question whose response was lost', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const { page } = await desk.openTab();
    desk.holdAt('answer', 0.5);
    await page.route('**/api/chat', async (route) => {
      const { url, headers, body } = requestOf(route.request());
      // It reaches the server; what the server says does not come back.
      const response = await fetch(url, { method: 'POST', headers, body });
      await response.body?.cancel();
      await route.abort();
    });
    await ask(page, story);
    await shows(page, textUntil(story, 0.5));
    expect(await alert(page).count()).toBe(0);
    desk.release();
    await desk.expectWhole(page, undisturbed);
    expect(desk.outcomes()).toEqual(['answer completed']);
  });

  it('catches up when a page that was hidden and cut off is shown again', async () => {
    const undisturbed = await desk.readUndisturbed(reportRequest);
    const proxy = await createCuttableProxy(desk.address);
    try {
      const { page } = await desk.openTab({ address: proxy.address });
      desk.holdAt('report', 0.2);
      await ask(page, reportRequest);
      await page.getByText('Section 1 of 5').first().waitFor();

      await setVisibility(page, 'hidden');
      proxy.cut();
      desk.release();
      await expect.poll(desk.outcomes, patience).toContain('closing completed');
      proxy.mend();
      await setVisibility(page, 'visible');
      await desk.expectWhole(page, undisturbed);
    } finally {
      await desk.closeTabs();
      await proxy.close();
    }
  });

  it('shows a question of another tab in a tab that was idle, and in one that comes later', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const first = await desk.openTab();
    await ask(first.page, 'Hello');
    await ended(first.page);
    const second = await desk.openTabBeside(first);
    await answers(second.page).waitFor();

    desk.holdAt('answer', 0.5);
    await ask(first.page, story);
    await shows(first.page, textUntil(story, 0.5));
    await shows(second.page, textUntil(story, 0.5));
    const third = await desk.openTabBeside(first);
    await shows(third.page, textUntil(story, 0.5));

    desk.release();
    for (const { page, complaints } of [first, second, third]) {
      await desk.expectWhole(page, undisturbed, 2);
      expect(complaints).toEqual([]);
    }
    expect(desk.outcomes()).toEqual(['answer completed', 'answer completed']);
  });

  it('stops in one tab while another watches', async () => {
    const first = await desk.openTab();
    desk.holdAt('answer', 0.5);
    await ask(first.page, story);
    const part = textUntil(story, 0.5);
    await shows(first.page, part);
    const second = await desk.openTabBeside(first);
    await shows(second.page, part);

    await second.page.getByRole('button', { name: 'Stop' }).click();
    for (const { page, complaints } of [first, second]) {
      await page.getByText('Stopped.').waitFor();
      await ended(page);
      await shows(page, part);
      expect(complaints).toEqual([]);
    }
    await expect.poll(desk.outcomes, patience).toEqual(['answer disconnected']);
    const partsKept = async () => (await textsKept(first.page)).map(bare);
    await expect.poll(partsKept, patience).toEqual([bare(part)]);

    const stopped = await rendered(first.page);
    expect(await rendered(second.page)).toBe(stopped);
    await first.page.reload();
    await ended(first.page);
    expect(await rendered(first.page)).toBe(stopped);
  });

  it('stops a report in the middle, and keeps what was written of it', async () => {
    const { page, complaints } = await desk.openTab();
    desk.holdAt('report', 0.5);
    await ask(page, reportRequest);
    await page.getByText('Section 3 of 5').first().waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Report, stopped').waitFor();
    await ended(page);
    await expect.poll(desk.outcomes, patience).toContain('report disconnected');
    expect(await page.locator('.document .prose').textContent()).toContain('What it costs');

    const stopped = await rendered(page);
    await page.reload();
    await ended(page);
    expect(await rendered(page)).toBe(stopped);
    expect(complaints).toEqual([]);
  });

  it('stops, too, when asked while it is reconnecting', async () => {
    const proxy = await createCuttableProxy(desk.address);
    try {
      const { page } = await desk.openTab({ address: proxy.address });
      desk.holdAt('answer', 0.5);
      await ask(page, story);
      const part = textUntil(story, 0.5);
      await shows(page, part);

      proxy.cut();
      await page.getByText('Reconnecting').waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      expect(desk.outcomes()).toEqual(['answer open']);
      proxy.mend();
      await page.getByText('Stopped.').waitFor();
      await shows(page, part);
      await expect.poll(desk.outcomes, patience).toEqual(['answer disconnected']);
      const partsKept = async () => (await textsKept(page)).map(bare);
      await expect.poll(partsKept, patience).toEqual([bare(part)]);
    } finally {
      await desk.closeTabs();
      await proxy.close();
    }
  });

  it('fits on a phone, light and dark, and can be worked by keyboard', async () => {
    const { page, complaints } = await desk.openTab({
      viewport: { width: 360, height: 740 },
      colorScheme: 'dark',
    });
    desk.holdAt('report', 0.5);
    await ask(page, reportRequest);
    await page.getByText('Section 3 of 5').first().waitFor();
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await ground()).not.toBe(dark);

    // From the field, where the question was sent, to the button beside it.
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Stop');
    await page.keyboard.press('Enter');
    await page.getByText('Stopped.').waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('question');
    expect(await overflow()).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
  });
});

function requestOf(request: Request) {
  const headers = { 'content-type': 'application/json', connection: 'close' };
  return { url: request.url(), headers, body: request.postData() };
}

async function textsKept(page: Page): Promise<string[]> {
  return (await desk.answersKept(page)).map(({ text }) => text);
}
