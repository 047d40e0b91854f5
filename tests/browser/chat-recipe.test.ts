// The recipe of docs/chat.md as it stands there: pasted, served and driven, with both majors.
import type { UIMessage } from 'ai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { composeAnswer } from '../../examples/next-chat/local-model/compose-answer.mjs';
import { wordsUntil } from './chat-page';
import {
  type RecipeDesk,
  type RecipeHost,
  type RecipeTab,
  startRecipeDesk,
} from './chat-recipe/recipe-desk';
import { patience } from './desk';

const majors = [7, 6] as const;
const question = 'Hello';
const { text: whole } = composeAnswer(question, { canWriteReports: false });
const half = wordsUntil(whole, 0.5);

let desk: RecipeDesk;
let hosts: Record<(typeof majors)[number], RecipeHost>;
let hostsOfWholeChats: typeof hosts;

beforeAll(async () => {
  desk = await startRecipeDesk();
  hosts = { 7: await desk.startHost(7), 6: await desk.startHost(6) };
  hostsOfWholeChats = {
    7: await desk.startHost(7, { uploadsAll: true }),
    6: await desk.startHost(6, { uploadsAll: true }),
  };
});

afterAll(() => desk?.close());

afterEach(() => desk.tidy());

const click = ({ page }: RecipeTab, name: 'Send' | 'Again' | 'Stop') =>
  page.getByRole('button', { name }).click();

/** Waits until the page shows these messages, to the letter. */
async function shows({ page }: RecipeTab, ...texts: string[]): Promise<void> {
  await expect.poll(() => page.locator('main p').allTextContents(), patience).toEqual(texts);
}

const textOf = ({ parts }: UIMessage) =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

/** Waits until the database has these messages of the chat. */
async function keeps(host: RecipeHost, { chatId }: RecipeTab, ...texts: string[]): Promise<void> {
  const texted = async () => (await host.saved(chatId)).map(textOf);
  await expect.poll(texted, patience).toEqual(texts);
}

/** A chat whose answer is held in the middle. */
async function openHeld(host: RecipeHost): Promise<RecipeTab> {
  const tab = await host.openTab();
  desk.holdAt(0.5, 'answer');
  await click(tab, 'Send');
  await shows(tab, question, half);
  return tab;
}

describe.each(majors)('the recipe of docs/chat.md, pasted, with AI SDK %i', (major) => {
  it('keeps question and answer over reloads, and the turns in their order', async () => {
    const host = hosts[major];
    const tab = await openHeld(host);
    await keeps(host, tab, question);
    await tab.page.reload();
    await shows(tab, question, half);
    desk.release();
    await shows(tab, question, whole);
    await keeps(host, tab, question, whole);
    await tab.page.reload();
    await shows(tab, question, whole);
    await click(tab, 'Send');
    await shows(tab, question, whole, question, whole);
    await keeps(host, tab, question, whole, question, whole);
    await tab.page.reload();
    await shows(tab, question, whole, question, whole);
    expect(tab.complaints).toEqual([]);
  });

  it('puts an answer that is written again in the place of the former', async () => {
    const host = hosts[major];
    const tab = await host.openTab();
    await click(tab, 'Send');
    await shows(tab, question, whole);
    await keeps(host, tab, question, whole);
    const [asked, former] = await host.saved(tab.chatId);
    await click(tab, 'Again');
    const ids = async () => (await host.saved(tab.chatId)).map(({ id }) => id);
    await expect.poll(async () => (await ids())[1], patience).not.toBe(former?.id);
    await keeps(host, tab, question, whole);
    expect(await ids()).toEqual([asked?.id, expect.any(String)]);
    await shows(tab, question, whole);
  });

  it('leaves an answer that was superseded in its own place', async () => {
    const host = hosts[major];
    const tab = await openHeld(host);
    await host.ask(tab.chatId, question);
    await keeps(host, tab, question, half, question);
    desk.release();
    await keeps(host, tab, question, half, question, whole);
    await tab.page.reload();
    await shows(tab, question, half, question, whole);
  });
});

describe('the recipe of docs/chat.md, pasted', () => {
  it.each(majors)('works where the page uploads all messages, with AI SDK %i', async (major) => {
    const host = hostsOfWholeChats[major];
    const tab = await openHeld(host);
    await keeps(host, tab, question);
    desk.release();
    await shows(tab, question, whole);
    await keeps(host, tab, question, whole);
    await click(tab, 'Send');
    await keeps(host, tab, question, whole, question, whole);
    await shows(tab, question, whole, question, whole);
  });

  it('loses neither question nor answer when its server is killed, with both majors', async () => {
    const surviving = majors.map(async (major) => {
      const host = hosts[major];
      const tab = await openHeld(host);
      await keeps(host, tab, question);
      await host.kill();
      await host.start();
      await keeps(host, tab, question, half);
      await tab.page.reload();
      await shows(tab, question, half);
      return { host, tab };
    });
    const survived = await Promise.all(surviving);
    desk.release();
    for (const { host, tab } of survived) {
      const [, answer] = await host.saved(tab.chatId);
      expect(answer?.parts).toContainEqual(
        expect.objectContaining({
          type: 'data-task-error',
          data: expect.objectContaining({ code: 'lost' }),
        }),
      );
      await click(tab, 'Send');
      await shows(tab, question, half, question, whole);
      await keeps(host, tab, question, half, question, whole);
    }
  });
});
