import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ChatDesk, startChatDesk } from './chat-desk';
import {
  alert,
  answers,
  ask,
  composed,
  ended,
  rendered,
  setVisibility,
  shows,
  text,
  textUntil,
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
    expect(requests.filter(({ isFollowing }) => isFollowing)).toEqual([]);
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
});

describe("the chat's route", () => {
  it.each([
    ['is not JSON', 'invalid-body', 'Hello'],
    ['has no question', 'invalid-body', { id: 'chat-0001' }],
    [
      'says something in the name of the assistant',
      'invalid-message',
      turnOf({ role: 'assistant' }),
    ],
    [
      'names a chat that no page would',
      'invalid-chat-id',
      { ...turnOf({}), id: '../../etc/passwd' },
    ],
    [
      'is of no kind that a user says',
      'invalid-message',
      turnOf({ parts: [{ type: 'reasoning', text: 'a' }] }),
    ],
  ])('refuses what %s, and asks nothing of the model', async (_, code, body) => {
    const before = desk.outcomes();
    const { status, error } = await post(body);
    expect({ status, code: error.code }).toEqual({ status: 400, code });
    expect(desk.outcomes()).toEqual(before);
  });

  it('refuses what could come from a form of another site, and what is too long', async () => {
    const before = desk.outcomes();
    const ofForm = await post(turnOf({}), 'text/plain');
    expect(ofForm).toMatchObject({ status: 415, error: { code: 'unsupported-media-type' } });
    const long = await post(turnOf({ parts: [{ type: 'text', text: 'a'.repeat(25_000) }] }));
    expect(long).toMatchObject({ status: 413, error: { code: 'body-too-large' } });
    expect(desk.outcomes()).toEqual(before);
  });

  it('has nothing to follow and nothing to stop in a chat that is none', async () => {
    const address = `${desk.address}/api/chat?chatId=chat-0001`;
    const headers = { connection: 'close' };
    expect((await fetch(address, { headers })).status).toBe(204);
    const stopped = await fetch(address, { headers, method: 'DELETE' });
    expect(await stopped.json()).toEqual({ cancelled: false });
    const chat = await fetch(address, { headers: { ...headers, accept: 'application/json' } });
    expect(await chat.json()).toEqual({ messages: [], activeTask: null });
  });
});

async function post(body: unknown, type = 'application/json') {
  const response = await fetch(`${desk.address}/api/chat`, {
    method: 'POST',
    headers: { 'content-type': type, connection: 'close' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const { error }: { error: { code: string } } = await response.json();
  return { status: response.status, error };
}

function turnOf(change: object) {
  const question = { id: 'q1', role: 'user', parts: [{ type: 'text', text: 'Hello' }] };
  return { id: 'chat-0001', messages: [{ ...question, ...change }] };
}
