import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCuttableProxy } from './cuttable-proxy';
import { patience } from './desk';
import {
  connection,
  html,
  percent,
  type ReportDesk,
  startReportDesk,
  status,
  text,
} from './report-desk';

let desk: ReportDesk;

beforeAll(async () => {
  desk = await startReportDesk();
});

afterAll(() => desk?.close());

afterEach(() => desk.closePage());

describe('the demo in a browser', () => {
  it('shows steps, progress, log, partial results and growing text, then the one result', async () => {
    const { page, complaints } = await desk.openPage();
    const half = await desk.startHeld(page, 'Why bees dance', 0.5);

    await page.getByText('Section 3 of 5').first().waitFor();
    expect(await status(page)).toBe('Writing');
    expect(await connection(page)).toBe('Connected');
    expect(await percent(page)).toBeGreaterThan(15);
    expect(await percent(page)).toBeLessThan(90);
    expect(await page.getByRole('list', { name: 'Steps' }).textContent()).toMatch(
      /outline\s*done\s*write\s*running\s*polish\s*waiting/,
    );
    const partials = page.getByRole('list', { name: 'Partial results' }).getByRole('listitem');
    expect(await partials.count()).toBe(5);
    expect(await page.getByRole('log').textContent()).toContain('The outline has 5 sections.');
    expect(half).toContain('What it costs');

    desk.release();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await status(page)).toBe('Completed');
    expect(await percent(page)).toBe(100);
    const whole = await text(page);
    expect(whole.startsWith(half.trimEnd())).toBe(true);
    expect(await page.getByRole('article', { name: 'Report' }).locator('h2').textContent()).toBe(
      'Why bees dance',
    );
    expect(desk.outcomes()).toEqual(['outline completed', 'report completed']);
    expect(complaints).toEqual([]);
  });

  it('goes on after a reload in the middle, to the same text and one result', async () => {
    const undisturbed = await desk.readUndisturbed('Why cities plant trees');
    const { page, complaints } = await desk.openPage();
    const half = await desk.startHeld(page, 'Why cities plant trees', 0.4);

    await page.reload();
    await page.waitForFunction(
      (expected) => document.querySelector('.prose')?.textContent === expected,
      half,
    );
    expect(await status(page)).toBe('Writing');
    desk.release();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await html(page)).toBe(undisturbed);

    await page.reload();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await html(page)).toBe(undisturbed);
    expect(await page.getByRole('status', { name: 'The report is ready' }).count()).toBe(1);
    expect(desk.outcomes()).toEqual(['outline completed', 'report completed']);
    expect(complaints).toEqual([]);
  });

  it('misses and doubles nothing when the network goes away while the task ends', async () => {
    const undisturbed = await desk.readUndisturbed('Learning the cello at fifty');
    const proxy = await createCuttableProxy(desk.address);
    try {
      const { page, complaints } = await desk.openPage({ address: proxy.address });
      const part = await desk.startHeld(page, 'Learning the cello at fifty', 0.3);

      await page.context().setOffline(true);
      proxy.cut();
      await page.getByText('Reconnecting').waitFor();
      desk.release();
      await expect.poll(desk.outcomes, patience).toEqual(['outline completed', 'report completed']);
      expect(await text(page)).toBe(part);
      expect(await status(page)).toBe('Writing');

      proxy.mend();
      await page.context().setOffline(false);
      await page.getByRole('status', { name: 'The report is ready' }).waitFor();
      expect(await html(page)).toBe(undisturbed);
      expect(desk.outcomes()).toEqual(['outline completed', 'report completed']);
      // The browser's own words about the network are not the page's.
      expect(complaints.filter((complaint) => !complaint.includes('net::ERR_'))).toEqual([]);
    } finally {
      await desk.closePage();
      await proxy.close();
    }
  });

  it('unplugs and plugs in its own network with a button', async () => {
    const undisturbed = await desk.readUndisturbed('Small bridges');
    const { page, complaints } = await desk.openPage();
    const part = await desk.startHeld(page, 'Small bridges', 0.6);

    await page.getByRole('button', { name: 'Unplug the network' }).click();
    await page.getByText('Reconnecting').waitFor();
    desk.release();
    await expect.poll(desk.outcomes, patience).toEqual(['outline completed', 'report completed']);
    expect(await text(page)).toBe(part);

    await page.getByRole('button', { name: 'Plug the network in' }).click();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await html(page)).toBe(undisturbed);
    expect(complaints).toEqual([]);
  });

  it('cancels the work on the server, and keeps what was written', async () => {
    const { page, complaints } = await desk.openPage();
    const part = await desk.startHeld(page, 'Old maps', 0.5);

    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('status', { name: 'Cancelled' }).waitFor();
    expect(await status(page)).toBe('Cancelled');
    await expect
      .poll(desk.outcomes, patience)
      .toEqual(['outline completed', 'report disconnected']);
    expect(await text(page)).toBe(part);

    await page.reload();
    await page.getByRole('status', { name: 'Cancelled' }).waitFor();
    expect(await text(page)).toBe(part);
    expect(complaints).toEqual([]);
  });

  it('shows what went wrong, and tries again when asked', async () => {
    const { page, complaints } = await desk.openPage();
    await page.getByRole('button', { name: 'Make it fail' }).click();
    const alert = page.getByRole('alert', { name: 'The report failed' });
    await alert.waitFor();
    expect(await alert.textContent()).toContain('The model broke off while writing.');
    expect(await alert.textContent()).toContain('model-failed');
    expect(await status(page)).toBe('Failed');
    const part = await text(page);
    expect(part.length).toBeGreaterThan(100);
    expect(desk.outcomes()).toEqual(['outline completed', 'report failed']);

    await page.getByRole('button', { name: 'Try again' }).click();
    await expect
      .poll(desk.outcomes, patience)
      .toEqual(['outline completed', 'report failed', 'outline completed', 'report failed']);
    await alert.waitFor();
    expect(await text(page)).toBe(part);
    expect(complaints).toEqual([]);
  });

  it('has an icon, too, where a browser looks that has not read yet which one the page names', async () => {
    const icons = await Promise.all(
      ['/icon.svg', '/favicon.ico'].map((path) => fetch(`${desk.address}${path}`)),
    );
    const [named, looked] = await Promise.all(icons.map((icon) => icon.text()));
    expect(named).toContain('<svg');
    expect(looked).toBe(named);
    for (const icon of icons) expect(icon.headers.get('content-type')).toBe('image/svg+xml');
  });

  it('fits on a phone, light and dark, and can be worked by keyboard', async () => {
    const { page, complaints } = await desk.openPage({
      viewport: { width: 360, height: 740 },
      colorScheme: 'dark',
    });
    await page.getByLabel('What should the report be about?').fill('Harbours');
    await page.keyboard.press('Enter');
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await ground()).not.toBe(dark);
    expect(complaints).toEqual([]);
  });
});
