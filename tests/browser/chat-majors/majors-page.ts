import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { patience } from '../desk';
import type { ChatHost } from './chat-host';

/** A tab of the chat page. */
export interface MajorTab {
  readonly page: Page;
  readonly host: ChatHost;
  readonly chatId: string;
  /** Uncaught errors, and errors of the console. */
  readonly complaints: string[];
}

export async function ask(page: Page, question: string): Promise<void> {
  await page.locator('input[name=question]').fill(question);
  await page.getByRole('button', { name: 'Send' }).click();
}

export const stop = (page: Page): Promise<void> =>
  page.getByRole('button', { name: 'Stop' }).click();

export const tryAgain = (page: Page): Promise<void> =>
  page.getByRole('button', { name: 'Try again' }).click();

/** Waits until the newest answer has ended, however it did. */
export async function ended(page: Page): Promise<void> {
  const isEnded = async () =>
    (await page.locator('article[data-role=assistant]').count()) > 0 &&
    /^(ready|error)$/.test((await page.locator('output').textContent()) ?? '');
  await expect.poll(isEnded, patience).toBe(true);
}

/** All that the messages show, with its markup. */
export async function rendered(page: Page): Promise<string> {
  const messages = await page
    .locator('article')
    .evaluateAll((articles) => articles.map((article) => article.innerHTML));
  return messages.join('\n');
}

/** The newest text or thought of the answer. */
const newestText = (page: Page): Promise<string[]> =>
  page.locator('article[data-role=assistant]').last().locator('p, blockquote').allTextContents();

/** Waits until the answer has come as far as that, to the letter. */
export async function shows(page: Page, expected: string): Promise<void> {
  await expect.poll(async () => (await newestText(page)).at(-1), patience).toBe(expected);
}

/** Waits until the page has lost its connection and seeks another. */
export async function reconnecting(page: Page): Promise<void> {
  await page.locator('article[data-connection=reconnecting]').waitFor();
}
