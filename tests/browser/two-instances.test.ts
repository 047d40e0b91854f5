import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { patience } from './desk';
import { connection, html, type ReportDesk, startReportDesk, status, text } from './report-desk';

let desk: ReportDesk;

beforeAll(async () => {
  desk = await startReportDesk({ args: ['--instances', '2'] });
});

afterAll(() => desk?.close());

afterEach(() => desk.closePage());

describe('the demo with two instances behind one address', () => {
  it('goes on after a reload, which lands on the other instance, with the same text', async () => {
    const undisturbed = await desk.readUndisturbed('Why cities plant trees');
    const { page, complaints } = await desk.openPage();
    const answers = watchAnswers(page);
    const half = await desk.startHeld(page, 'Why cities plant trees', 0.4);
    const [{ instance: home }] = answers.of('POST');
    expect(await connection(page)).toBe(`Connected to instance ${home}`);
    expect(await page.getByRole('log').textContent()).toContain(`This runs on instance ${home}.`);

    await page.reload();
    await page.waitForFunction(
      (expected) => document.querySelector('.prose')?.textContent === expected,
      half,
    );
    expect(await status(page)).toBe('Writing');
    expect(await connection(page)).toBe(`Connected to instance ${otherThan(home)}`);
    expect(answers.of('GET')[0]).toEqual({ instance: otherThan(home), status: 200 });

    desk.release();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await html(page)).toBe(undisturbed);

    await page.reload();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await html(page)).toBe(undisturbed);
    expect(answers.of('GET').at(-1)).toEqual({ instance: home, status: 200 });
    expect(desk.outcomes()).toEqual(['outline completed', 'report completed']);
    expect(complaints).toEqual([]);
  });

  it('cancels on the other instance what runs on this one', async () => {
    const { page, complaints } = await desk.openPage();
    const answers = watchAnswers(page);
    const part = await desk.startHeld(page, 'Old maps', 0.5);
    const [{ instance: home }] = answers.of('POST');

    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('status', { name: 'Cancelled' }).waitFor();
    expect(answers.of('DELETE')).toEqual([{ instance: otherThan(home), status: 200 }]);
    await expect
      .poll(desk.outcomes, patience)
      .toEqual(['outline completed', 'report disconnected']);
    expect(await text(page)).toBe(part);
    expect(complaints).toEqual([]);
  });

  it('cancels after a reload, too, from the instance where the task runs', async () => {
    const { page, complaints } = await desk.openPage();
    const answers = watchAnswers(page);
    const part = await desk.startHeld(page, 'Old bridges', 0.5);
    const [{ instance: home }] = answers.of('POST');
    await page.reload();
    await page.getByText(`Connected to instance ${otherThan(home)}`).waitFor();

    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('status', { name: 'Cancelled' }).waitFor();
    // The outcome may be there before the answer.
    await expect
      .poll(() => answers.of('DELETE'), patience)
      .toEqual([{ instance: home, status: 200 }]);
    await expect
      .poll(desk.outcomes, patience)
      .toEqual(['outline completed', 'report disconnected']);
    expect(await text(page)).toBe(part);
    expect(complaints).toEqual([]);
  });

  // The last one: another process takes the place of an instance meanwhile.
  it('goes on behind the last whole section when the plug of its instance is pulled', async () => {
    const undisturbed = await desk.readUndisturbed('Lighthouses');
    const { page } = await desk.openPage();
    const answers = watchAnswers(page);
    await desk.startHeld(page, 'Lighthouses', 0.5);
    const [{ instance: home }] = answers.of('POST');

    await page.getByRole('button', { name: 'Pull the plug' }).click();
    await expect.poll(desk.output, patience).toContain(`Instance ${home} ended (SIGKILL).`);
    await desk.finishesUndisturbed(page, undisturbed);
    const log = await page.getByRole('log').textContent();
    expect(log).toContain(`This runs on instance ${otherThan(home)}.`);

    await page.reload();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await html(page)).toBe(undisturbed);
  });
});

interface Answer {
  instance: string;
  status: number;
}

/** Notes which instance answers the page's requests about tasks. */
function watchAnswers(page: Page): { of(method: string): [Answer, ...Answer[]] } {
  const answers: (Answer & { method: string })[] = [];
  page.on('response', (response) => {
    if (!response.url().includes('/api/')) return;
    const instance = response.headers()['x-demo-instance'] ?? 'none';
    answers.push({ method: response.request().method(), instance, status: response.status() });
  });
  return {
    of(wanted) {
      const found = answers
        .filter(({ method }) => method === wanted)
        .map(({ instance, status }) => ({ instance, status }));
      if (found.length === 0) throw new Error(`The page has had no answer to a ${wanted}.`);
      return found as [Answer, ...Answer[]];
    },
  };
}

function otherThan(instance: string): string {
  return instance === '1' ? '2' : '1';
}
