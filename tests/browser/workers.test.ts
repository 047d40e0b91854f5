import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { patience, type ReportDesk, startReportDesk } from './report-desk';

let desk: ReportDesk;

beforeAll(async () => {
  desk = await startReportDesk({ command: 'demo:workers' });
});

afterAll(() => desk?.close());

/** The worker of which the page says that it writes. */
async function writer(page: Page): Promise<string> {
  const writing = page.getByRole('listitem').filter({ hasText: 'Writes this report' });
  return /Worker (\d)/.exec((await writing.textContent()) ?? '')?.[1] ?? '';
}

it('goes on behind the last whole section when the worker that writes is killed', async () => {
  const undisturbed = await desk.readUndisturbed('Lighthouses');
  const { page, complaints } = await desk.openPage();
  await desk.startHeld(page, 'Lighthouses', 0.5);
  const killed = await writer(page);

  await page.getByRole('button', { name: 'Kill a worker' }).click();
  await expect.poll(desk.output, patience).toContain(`Worker ${killed} ended (SIGKILL).`);
  await desk.finishesUndisturbed(page, undisturbed);
  expect(complaints).toEqual([]);
});
