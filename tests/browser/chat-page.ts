import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { composeAnswer } from '../../examples/next-chat/local-model/compose-answer.mjs';
import { patience } from './desk';

export async function ask(page: Page, question: string): Promise<void> {
  const field = page.getByLabel('Your message');
  await field.fill(question);
  // Only a page that is alive takes Enter for more than a new line.
  await page.locator('button:enabled', { hasText: 'Send' }).waitFor();
  await field.press('Enter');
}

/** Resolves once the newest answer has ended, however it did. */
export async function ended(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^(Answer|Try) again$/ }).waitFor();
}

/** The answers on the page, newest last. */
export const answers = (page: Page): Locator => page.getByRole('article', { name: 'Assistant' });

/** The page's own alert; Next.js has another one, for names of pages. */
export const alert = (page: Page): Locator =>
  page.getByRole('region', { name: 'Conversation' }).getByRole('alert');

/** What the newest answer says, without Markdown's marks. */
export const text = async (page: Page): Promise<string> =>
  (await answers(page).last().locator(':scope > .prose').allTextContents()).join('\n');

/** The newest answer's HTML, but for the times in it. */
export function rendered(page: Page): Promise<string> {
  return answers(page)
    .last()
    .evaluate((answer) => {
      const copy = answer.cloneNode(true) as Element;
      for (const time of copy.querySelectorAll('time')) time.textContent = 'a time';
      // A server puts these between neighbouring texts.
      return copy.outerHTML.replaceAll('<!-- -->', '');
    });
}

/** Letters only: neither spaces nor the marks of Markdown. */
export function bare(markdown: string): string {
  return markdown.replace(/^(?:[-#>]+|\d+\.)(?=\s|$)/gm, '').replace(/[*\s]/g, '');
}

/** The first words of a text, as many as the model has written when it is held at a share. */
export function wordsUntil(whole: string, share: number): string {
  const words = whole.match(/\s*\S+/g) ?? [];
  return words.slice(0, Math.ceil(share * words.length)).join('');
}

/** What the model says to a question. */
export const composed = (question: string) => composeAnswer(question, { canWriteReports: true });

/** What is shown of the answer's text when the model is held at a share of it. */
export const textUntil = (question: string, share: number) =>
  wordsUntil(composed(question).text, share);

/** Waits until the newest answer reads so. */
export async function shows(page: Page, expected: string): Promise<void> {
  await expect
    .poll(async () => bare(await text(page).catch(() => '')), patience)
    .toBe(bare(expected));
}

/** As the browser does it when the user turns to another tab, and back. */
export async function setVisibility(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate((visibilityState) => {
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      value: visibilityState,
    });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
}
