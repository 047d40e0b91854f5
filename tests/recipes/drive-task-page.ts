import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { composeAnswer } from '../../examples/next-chat/local-model/compose-answer.mjs';
import { wordsUntil } from '../browser/chat-page';
import { patience } from '../browser/desk';
import type { RecipesDesk, WiredServer } from './desk';

/** A page that shows a report being written, and the server that has it written. */
export interface TaskHost {
  address: string;
  server: WiredServer;
  /** What the task asks of the model. */
  prompt: string;
  hasProgressBar?: boolean;
}

const textOf = async (page: Page): Promise<string> =>
  (await page.locator('main').textContent()) ?? '';

/** Waits until the page says all of this. */
async function says(page: Page, ...expected: string[]): Promise<void> {
  for (const text of expected) await expect.poll(() => textOf(page), patience).toContain(text);
}

/** How much of the bar is filled, 0 to 100; 0 while nothing is known. */
const percentOf = async (page: Page): Promise<number> =>
  Number(await page.getByRole('progressbar').getAttribute('value'));

const click = (page: Page, name: 'Write' | 'Cancel') => page.getByRole('button', { name }).click();

/** Drives a pasted page through what can happen to a task. */
export function driveTaskPage(getDesk: () => RecipesDesk, getHost: () => TaskHost): void {
  const whole = () => composeAnswer(getHost().prompt, { canWriteReports: false }).text;
  const until = (share: number) => wordsUntil(whole(), share);

  async function openHeld(): Promise<Page> {
    const [desk, { address }] = [getDesk(), getHost()];
    const page = await desk.openTab(address);
    desk.holdAt(0.3, 'answer');
    await click(page, 'Write');
    await says(page, 'running', until(0.3));
    return page;
  }

  /** Lets the model write on, up to a share of the whole. */
  function writeUntil(share: number): void {
    getDesk().release();
    getDesk().holdAt(share, 'answer');
  }

  it('shows a task as it goes on, over a reload and a cut of the network, to its one end', async () => {
    const [desk, { server, hasProgressBar }] = [getDesk(), getHost()];
    const page = await openHeld();
    writeUntil(0.4);
    await says(page, until(0.4));
    if (hasProgressBar) {
      await expect.poll(() => percentOf(page), patience).toBeGreaterThan(0);
      expect(await percentOf(page)).toBeLessThan(100);
    }
    await page.reload();
    await says(page, 'running', until(0.4));
    server.wire.cut();
    await says(page, 'reconnecting');
    writeUntil(0.6);
    await desk.held();
    expect(await textOf(page)).not.toContain(until(0.6));
    server.wire.mend();
    await says(page, 'connected', until(0.6));
    desk.release();
    await says(page, 'completed', `${whole().split(' ').length} words`, whole());
    if (hasProgressBar) expect(await percentOf(page)).toBe(100);
    expect((await textOf(page)).split(until(0.1))).toHaveLength(2);
    expect(desk.takeComplaints()).toEqual([]);
  });

  it('cancels a task, and starts another', async () => {
    const desk = getDesk();
    const page = await openHeld();
    await click(page, 'Cancel');
    await says(page, 'cancelled');
    await page.getByRole('button', { name: 'Cancel' }).waitFor({ state: 'detached' });
    desk.release();
    await click(page, 'Write');
    await says(page, 'completed', whole());
    expect(desk.takeComplaints()).toEqual([]);
  });
}
