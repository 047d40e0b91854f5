import { randomUUID } from 'node:crypto';
import type { UIMessage } from 'ai';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { composeAnswer } from '../../examples/next-chat/local-model/compose-answer.mjs';
import { wordsUntil } from '../browser/chat-page';
import { patience } from '../browser/report-desk';
import type { Desk, WiredServer } from './desk';

/** The question that the page of docs/chat.md asks. */
const question = 'Hello';
const { text: whole } = composeAnswer(question, { canWriteReports: false });
const until = (share: number) => wordsUntil(whole, share);

const click = (page: Page, name: 'Send' | 'Stop') => page.getByRole('button', { name }).click();

/** Waits until the page shows these messages, to the letter. */
async function shows(page: Page, ...texts: string[]): Promise<void> {
  await expect.poll(() => page.locator('main p').allTextContents(), patience).toEqual(texts);
}

const textOf = ({ parts }: UIMessage) =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

/** Drives the pasted page of docs/chat.md through what can happen to a chat. */
export function driveChatPage(getDesk: () => Desk, getServer: () => WiredServer): void {
  const addressOf = (chatId: string) => `${getServer().wire.address}/chats/${chatId}`;

  /** A chat whose answer is held in the middle. */
  async function openHeld(): Promise<{ page: Page; chatId: string }> {
    const desk = getDesk();
    const chatId = randomUUID();
    const page = await desk.openTab(addressOf(chatId));
    desk.holdAt(0.3, 'answer');
    await click(page, 'Send');
    await shows(page, question, until(0.3));
    return { page, chatId };
  }

  /** Waits until the database has these messages. */
  async function keeps(chatId: string, ...texts: string[]): Promise<void> {
    const load = async () => {
      const response = await fetch(`${getServer().wire.address}/api/chat/${chatId}`);
      const { messages }: { messages: UIMessage[] } = await response.json();
      return messages.map(textOf);
    };
    await expect.poll(load, patience).toEqual(texts);
  }

  it('goes on with an answer over a reload and a cut of the network, and with a second turn', async () => {
    const [desk, { wire }] = [getDesk(), getServer()];
    const { page, chatId } = await openHeld();
    await keeps(chatId, question);
    const loads: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith(`/api/chat/${chatId}`)) loads.push(request.method());
    });
    await page.reload();
    await shows(page, question, until(0.3));
    wire.cut();
    desk.release();
    desk.holdAt(0.6, 'answer');
    await desk.held();
    await shows(page, question, until(0.3));
    wire.mend();
    await shows(page, question, until(0.6));
    desk.release();
    await shows(page, question, whole);
    await keeps(chatId, question, whole);
    // What a resumed answer brings needs no second look at the database.
    expect(loads).toEqual(['GET']);
    await click(page, 'Send');
    await shows(page, question, whole, question, whole);
    await keeps(chatId, question, whole, question, whole);
    await page.reload();
    await shows(page, question, whole, question, whole);
    expect(desk.takeComplaints()).toEqual([]);
  });

  it('stops an answer, and keeps what was written of it', async () => {
    const desk = getDesk();
    const { page, chatId } = await openHeld();
    await click(page, 'Stop');
    await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached' });
    await keeps(chatId, question, until(0.3));
    desk.release();
    await click(page, 'Send');
    await shows(page, question, until(0.3), question, whole);
    expect(desk.takeComplaints()).toEqual([]);
  });

  it('says so where a chat cannot be loaded', async () => {
    const desk = getDesk();
    const page = await desk.openTab(addressOf(randomUUID()));
    await page.route('**/api/chat/*', (route) => route.fulfill({ status: 503 }));
    await page.reload();
    await page.getByText('The chat could not be loaded (503).').waitFor();
    expect(desk.takeComplaints()).toEqual([]);
  });

  it('loses neither question nor answer when its server is killed', async () => {
    const [desk, server] = [getDesk(), getServer()];
    const { page, chatId } = await openHeld();
    await server.kill();
    await server.start();
    await keeps(chatId, question, until(0.3));
    await shows(page, question, until(0.3));
    desk.release();
    await click(page, 'Send');
    await shows(page, question, until(0.3), question, whole);
    await page.reload();
    await shows(page, question, until(0.3), question, whole);
    await keeps(chatId, question, until(0.3), question, whole);
    expect(desk.takeComplaints()).toEqual([]);
  });
}
