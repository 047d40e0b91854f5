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
  text,
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

  it('says so when the route fails before its first byte, and tries again when asked', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const { page } = await desk.openTab();
    const mend = await desk.breakDatabase();
    try {
      await ask(page, story);
      await alert(page).getByText('The answer did not come through.').waitFor();
      expect(await alert(page).textContent()).not.toContain('JSON');
      expect(desk.outcomes()).toEqual([]);
    } finally {
      await mend();
    }
    await alert(page).getByRole('button', { name: 'Try again' }).click();
    await alert(page).waitFor({ state: 'hidden' });
    await desk.expectWhole(page, undisturbed);
    expect(desk.outcomes()).toEqual(['answer completed']);
  });

  it('says so when the question never arrives, and keeps it for another try', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const proxy = await createCuttableProxy(desk.address);
    try {
      const { page } = await desk.openTab({ address: proxy.address });
      await page.waitForLoadState('networkidle');
      proxy.cut();
      await ask(page, story);
      await alert(page).waitFor();
      await setVisibility(page, 'hidden');
      await setVisibility(page, 'visible');
      proxy.mend();
      await page.getByRole('button', { name: 'Try again' }).click();
      await alert(page).waitFor({ state: 'hidden' });
      await desk.expectWhole(page, undisturbed);
      expect(desk.outcomes()).toEqual(['answer completed']);
    } finally {
      await desk.closeTabs();
      await proxy.close();
    }
  });

  it('tells that an answer broke off, but not why the server says it did', async () => {
    const question = 'Why do good plans fail?';
    const { page, complaints } = await desk.openTab();
    await ask(page, question);
    await alert(page).getByText('The answer broke off.').waitFor();
    await ended(page);
    expect(await page.content()).not.toContain('The server had an error while writing');
    const part = await text(page);
    expect(part.length).toBeGreaterThan(100);

    const failed = await rendered(page);
    await page.reload();
    await ended(page);
    expect(await rendered(page)).toBe(failed);
    await expect.poll(() => desk.answersKept(page), patience).toHaveLength(1);

    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(desk.outcomes, patience).toEqual(['answer failed', 'answer failed']);
    await ended(page);
    expect(await rendered(page)).toBe(failed);
    await expect.poll(() => desk.answersKept(page), patience).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it('has the address of a chat as soon as it shows something of the answer', async () => {
    const { page } = await desk.openTab();
    const found = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const observer = new MutationObserver(() => {
            if (document.querySelector('.answer .prose')) resolve(location.search);
          });
          observer.observe(document.body, { childList: true, subtree: true });
        }),
    );
    await ask(page, story);
    expect(await found).toContain('chat=');
  });

  it('gives a chat its address, even if its answer comes all at once and is broken off', async () => {
    const { page, complaints } = await desk.openTab();
    await page.route('**/api/chat', async (route) => {
      await route.fulfill({ response: await route.fetch() });
    });
    await ask(page, 'Why do good plans fail?');
    await alert(page).getByText('The answer broke off.').waitFor();
    await expect.poll(() => new URL(page.url()).searchParams.get('chat'), patience).toBeTruthy();
    expect(complaints).toEqual([]);
  });

  it('goes on with the answer when the work of a tool fails', async () => {
    const { page, complaints } = await desk.openTab();
    await ask(page, 'Write a report about how plans fail');
    await ended(page);
    const card = page.getByRole('region', { name: 'Report: how plans fail' });
    expect(await card.textContent()).toContain('The model broke off while writing.');
    expect(await text(page)).toContain('The report could not be finished');
    expect(desk.outcomes()).toEqual([
      'answer completed',
      'outline completed',
      'report failed',
      'closing completed',
    ]);

    const failed = await rendered(page);
    await page.reload();
    await ended(page);
    expect(await rendered(page)).toBe(failed);
    expect(complaints).toEqual([]);
  });

  it('shows an answer that ended while the page was away from the database, once', async () => {
    const undisturbed = await desk.readUndisturbed(reportRequest);
    const { page, complaints, requests } = await desk.openTab();
    desk.holdAt('report', 0.5);
    await ask(page, reportRequest);
    await page.getByText('Section 3 of 5').first().waitFor();
    const address = page.url();

    await page.goto('about:blank');
    desk.release();
    await expect.poll(() => desk.isAnswering(address), patience).toBe(false);
    requests.length = 0;
    await page.goto(address);
    await desk.expectWhole(page, undisturbed);
    expect(requests.filter(({ path }) => path.endsWith('/stream'))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('answers again in the place of the answer before', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const { page, complaints } = await desk.openTab();
    await ask(page, story);
    await ended(page);
    await expect.poll(() => desk.answersKept(page), patience).toHaveLength(1);
    const [before] = await desk.answersKept(page);

    desk.holdAt('answer', 0.5);
    await page.getByRole('button', { name: 'Answer again' }).click();
    await shows(page, textUntil(story, 0.5));
    expect(await answers(page).count()).toBe(1);
    expect(await desk.answersKept(page)).toEqual([]);
    await page.reload();
    await shows(page, textUntil(story, 0.5));
    desk.release();
    await desk.expectWhole(page, undisturbed);
    const [after] = await desk.answersKept(page);
    expect(after?.id).not.toBe(before?.id);
    expect(desk.outcomes()).toEqual(['answer completed', 'answer completed']);
    expect(complaints).toEqual([]);
  });

  it('leaves an answer alone while another chat is open, and finds it again', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const { page, complaints } = await desk.openTab();
    await ask(page, 'Hello');
    await ended(page);
    const greeting = page.url();
    const chats = page.getByRole('navigation', { name: 'Chats' });
    await chats.getByRole('link', { name: 'New chat' }).click();
    await page.getByRole('heading', { name: 'A chat that outlives its connection' }).waitFor();
    desk.holdAt('answer', 0.5);
    await ask(page, story);
    await shows(page, textUntil(story, 0.5));

    await chats
      .locator(`a[href="${new URL(greeting).pathname}${new URL(greeting).search}"]`)
      .click();
    await shows(page, composed('Hello').text);
    await page.goBack();
    await shows(page, textUntil(story, 0.5));
    desk.release();
    await desk.expectWhole(page, undisturbed);
    expect(desk.outcomes()).toEqual(['answer completed', 'answer completed']);
    expect(complaints).toEqual([]);
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

describe("the chat's routes", () => {
  it.each([
    ['is not JSON', 'Hello'],
    ['could come from a form of another site', questionOf({}), 'text/plain'],
    ['has no question', { id: 'chat-0001' }],
    ['says something in the name of the assistant', questionOf({ role: 'assistant' })],
    ['names a chat that no page would', { ...questionOf({}), id: '../../etc/passwd' }],
    ['is too long', questionOf({ parts: [{ type: 'text', text: 'a'.repeat(5_000) }] })],
    ['is of no kind that a user says', questionOf({ parts: [{ type: 'reasoning', text: 'a' }] })],
  ])('refuse what %s, and ask nothing of the model', async (_, body, type = 'application/json') => {
    const before = desk.outcomes();
    const response = await fetch(`${desk.address}/api/chat`, {
      method: 'POST',
      headers: { 'content-type': type, connection: 'close' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid-body' } });
    expect(desk.outcomes()).toEqual(before);
  });

  it('have nothing to follow and nothing to stop in a chat that is none', async () => {
    const address = `${desk.address}/api/chat/chat-0001`;
    const headers = { connection: 'close' };
    expect((await fetch(`${address}/stream`, { headers })).status).toBe(204);
    const stopped = await fetch(`${address}/stream`, { headers, method: 'DELETE' });
    expect(await stopped.json()).toEqual({ cancelled: false });
    const chat = await fetch(address, { headers });
    expect(await chat.json()).toEqual({ messages: [] });
  });
});

function requestOf(request: Request) {
  const headers = { 'content-type': 'application/json', connection: 'close' };
  return { url: request.url(), headers, body: request.postData() };
}

function questionOf(change: object) {
  const question = { id: 'q1', role: 'user', parts: [{ type: 'text', text: 'Hello' }] };
  return { id: 'chat-0001', question: { ...question, ...change } };
}

async function textsKept(page: Page): Promise<string[]> {
  return (await desk.answersKept(page)).map(({ text }) => text);
}
