import { randomUUID } from 'node:crypto';
import type { UIMessage } from 'ai';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { composeAnswer } from '../../examples/next-chat/local-model/compose-answer.mjs';
import { wordsUntil } from '../browser/chat-page';
import { patience } from '../browser/desk';
import type { RecipesDesk, WiredServer } from './desk';

/** The question that the pages of docs/chat.md are asked. */
export const question = 'Hello';

/** What the model answers to it. */
export const { text: whole } = composeAnswer(question, { canWriteReports: false });

/** What of that is there while the model is held at a share of it. */
export const until = (share: number): string => wordsUntil(whole, share);

export const click = (page: Page, name: 'Send' | 'Stop'): Promise<void> =>
  page.getByRole('button', { name }).click();

/** Waits until the page shows these messages, to the letter. */
export async function shows(page: Page, ...texts: string[]): Promise<void> {
  await expect
    .poll(() => page.locator('main p, form p').allTextContents(), patience)
    .toEqual(texts);
}

const textOf = ({ parts }: UIMessage) =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

/** A server that has pasted docs/chat.md, and how its chats are looked at. */
export interface ChatHost {
  readonly server: WiredServer;
  /** Opens a chat of its own. */
  open(): Promise<{ page: Page; chatId: string }>;
  /** Opens a chat, and has its answer held in the middle. */
  openHeld(): Promise<{ page: Page; chatId: string }>;
  /** Waits until its database has these messages of a chat. */
  keeps(chatId: string, ...texts: string[]): Promise<void>;
}

/** How a chat of docs/chat.md is reached. */
interface ChatPlan {
  /** Where its page is. */
  pageOf(chatId: string): string;
  /** Where its route tells its messages. */
  messagesOf(chatId: string): string;
  ask(page: Page): Promise<void>;
}

/** The chat of routes of one's own. */
const separate: ChatPlan = {
  pageOf: (chatId) => `/chats/${chatId}`,
  messagesOf: (chatId) => `/api/chats/${chatId}`,
  ask: (page) => click(page, 'Send'),
};

/** Asks the chat in one file. */
export async function ask(page: Page, text: string = question): Promise<void> {
  await page.getByRole('textbox').fill(text);
  await page.getByRole('button', { name: 'Ask' }).click();
}

/** The chat in one file. */
export const oneFile: ChatPlan = {
  pageOf: (chatId) => `/chat/${chatId}`,
  messagesOf: (chatId) => `/api/chat?chatId=${chatId}`,
  ask,
};

export function createChatHost(
  desk: RecipesDesk,
  server: WiredServer,
  plan: ChatPlan = separate,
): ChatHost {
  const { address } = server.wire;
  const open = async () => {
    const chatId = randomUUID();
    return { chatId, page: await desk.openTab(address + plan.pageOf(chatId)) };
  };
  return {
    server,
    open,
    async openHeld() {
      const chat = await open();
      desk.holdAt(0.3, 'answer');
      await plan.ask(chat.page);
      await shows(chat.page, question, until(0.3));
      return chat;
    },
    async keeps(chatId, ...texts) {
      const load = async () => {
        const headers = { accept: 'application/json', connection: 'close' };
        const response = await fetch(address + plan.messagesOf(chatId), { headers });
        const { messages }: { messages: UIMessage[] } = await response.json();
        return messages.map(textOf);
      };
      await expect.poll(load, patience).toEqual(texts);
    },
  };
}
