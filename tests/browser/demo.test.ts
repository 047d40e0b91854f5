import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { composeOutline, composeSection } from '../../examples/next-chat/lib/compose-report.mjs';
import { startLocalOpenAI } from '../../examples/next-chat/local-openai.mjs';
import { findOrInstallChromium } from '../../scripts/find-chromium.mjs';
import { createCuttableProxy } from './cuttable-proxy';
import { createHoldPoint } from './hold-point';
import { type RunningDemo, startDemo } from './start-demo';

/** Bounds what never comes; a slow machine may take its time. */
const patience = { timeout: 60_000 };

const holdPoint = createHoldPoint();
let model: Awaited<ReturnType<typeof startLocalOpenAI>>;
let demo: RunningDemo;
let browser: Browser;
let requestsBefore = 0;
let closePage: () => Promise<void> = async () => {};

beforeAll(async () => {
  model = await startLocalOpenAI({ wordsPerSecond: 3_000, beforeWord: holdPoint.beforeWord });
  demo = await startDemo({
    OPENAI_API_KEY: 'local',
    OPENAI_BASE_URL: model.baseURL,
    OPENAI_MODEL: 'local-writer',
  });
  browser = await chromium.launch({
    executablePath: findOrInstallChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  await model?.close();
});

beforeEach(() => {
  requestsBefore = model.requests.length;
});

afterEach(async () => {
  holdPoint.release();
  await closePage();
  closePage = async () => {};
});

describe('the demo in a browser', () => {
  it('shows steps, progress, log, partial results and growing text, then the one result', async () => {
    const { page, complaints } = await openPage();
    const half = await startHeld(page, 'Why bees dance', 0.5);

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

    holdPoint.release();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await status(page)).toBe('Completed');
    expect(await percent(page)).toBe(100);
    const whole = await text(page);
    expect(whole.startsWith(half.trimEnd())).toBe(true);
    expect(await page.getByRole('article', { name: 'Report' }).locator('h2').textContent()).toBe(
      'Why bees dance',
    );
    expect(outcomes()).toEqual(['outline completed', 'report completed']);
    expect(complaints).toEqual([]);
  });

  it('goes on after a reload in the middle, to the same text and one result', async () => {
    const undisturbed = await readUndisturbed('Why cities plant trees');
    const { page, complaints } = await openPage();
    const half = await startHeld(page, 'Why cities plant trees', 0.4);

    await page.reload();
    await page.waitForFunction(
      (expected) => document.querySelector('.prose')?.textContent === expected,
      half,
    );
    expect(await status(page)).toBe('Writing');
    holdPoint.release();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await html(page)).toBe(undisturbed);

    await page.reload();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await html(page)).toBe(undisturbed);
    expect(await page.getByRole('status', { name: 'The report is ready' }).count()).toBe(1);
    expect(outcomes()).toEqual(['outline completed', 'report completed']);
    expect(complaints).toEqual([]);
  });

  it('misses and doubles nothing when the network goes away while the task ends', async () => {
    const undisturbed = await readUndisturbed('Learning the cello at fifty');
    const proxy = await createCuttableProxy(demo.address);
    try {
      const { page, complaints } = await openPage({ address: proxy.address });
      const part = await startHeld(page, 'Learning the cello at fifty', 0.3);

      await page.context().setOffline(true);
      proxy.cut();
      await page.getByText('Reconnecting').waitFor();
      holdPoint.release();
      await expect.poll(outcomes, patience).toEqual(['outline completed', 'report completed']);
      expect(await text(page)).toBe(part);
      expect(await status(page)).toBe('Writing');

      proxy.mend();
      await page.context().setOffline(false);
      await page.getByRole('status', { name: 'The report is ready' }).waitFor();
      expect(await html(page)).toBe(undisturbed);
      expect(outcomes()).toEqual(['outline completed', 'report completed']);
      // The browser's own words about the network are not the page's.
      expect(complaints.filter((complaint) => !complaint.includes('net::ERR_'))).toEqual([]);
    } finally {
      await closePage();
      await proxy.close();
    }
  });

  it('unplugs and plugs in its own network with a button', async () => {
    const undisturbed = await readUndisturbed('Small bridges');
    const { page, complaints } = await openPage();
    const part = await startHeld(page, 'Small bridges', 0.6);

    await page.getByRole('button', { name: 'Unplug the network' }).click();
    await page.getByText('Reconnecting').waitFor();
    holdPoint.release();
    await expect.poll(outcomes, patience).toEqual(['outline completed', 'report completed']);
    expect(await text(page)).toBe(part);

    await page.getByRole('button', { name: 'Plug the network in' }).click();
    await page.getByRole('status', { name: 'The report is ready' }).waitFor();
    expect(await html(page)).toBe(undisturbed);
    expect(complaints).toEqual([]);
  });

  it('cancels the work on the server, and keeps what was written', async () => {
    const { page, complaints } = await openPage();
    const part = await startHeld(page, 'Old maps', 0.5);

    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('status', { name: 'Cancelled' }).waitFor();
    expect(await status(page)).toBe('Cancelled');
    await expect.poll(outcomes, patience).toEqual(['outline completed', 'report disconnected']);
    expect(await text(page)).toBe(part);

    await page.reload();
    await page.getByRole('status', { name: 'Cancelled' }).waitFor();
    expect(await text(page)).toBe(part);
    expect(complaints).toEqual([]);
  });

  it('shows what went wrong, and tries again when asked', async () => {
    const { page, complaints } = await openPage();
    await page.getByRole('button', { name: 'Make it fail' }).click();
    const alert = page.getByRole('alert', { name: 'The report failed' });
    await alert.waitFor();
    expect(await alert.textContent()).toContain('The model broke off while writing.');
    expect(await alert.textContent()).toContain('model-failed');
    expect(await status(page)).toBe('Failed');
    const part = await text(page);
    expect(part.length).toBeGreaterThan(100);
    expect(outcomes()).toEqual(['outline completed', 'report failed']);

    await page.getByRole('button', { name: 'Try again' }).click();
    await expect
      .poll(outcomes, patience)
      .toEqual(['outline completed', 'report failed', 'outline completed', 'report failed']);
    await alert.waitFor();
    expect(await text(page)).toBe(part);
    expect(complaints).toEqual([]);
  });

  it('fits on a phone, light and dark, and can be worked by keyboard', async () => {
    const { page, complaints } = await openPage({
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

/** Opens the demo in a browser context of its own; one at a time. */
async function openPage({
  address = demo.address,
  ...options
}: BrowserContextOptions & { address?: string } = {}): Promise<{
  page: Page;
  /** What the page complained about: uncaught errors, and errors and warnings of the console. */
  complaints: string[];
}> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(60_000);
  closePage = () => context.close();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(address);
  return { page, complaints };
}

async function start(page: Page, topic: string): Promise<void> {
  await page.getByLabel('What should the report be about?').fill(topic);
  await page.getByRole('button', { name: 'Write the report' }).click();
}

/** The report's HTML as it is when nothing gets in the way. Its model requests are not counted. */
async function readUndisturbed(topic: string): Promise<string> {
  const { page } = await openPage();
  await start(page, topic);
  await page.getByRole('status', { name: 'The report is ready' }).waitFor();
  const undisturbed = await html(page);
  await closePage();
  requestsBefore = model.requests.length;
  return undisturbed;
}

/** Starts a task whose model holds at the given share, and waits for all words until there. */
async function startHeld(page: Page, topic: string, share: number): Promise<string> {
  holdPoint.holdAt(share);
  await start(page, topic);
  const report = composeOutline(topic).map((title) => composeSection(topic, title));
  const words = report.join('\n\n').match(/\s*\S+/g) ?? [];
  const written = words.slice(0, Math.ceil(share * words.length)).join('');
  // As Markdown shows it: without the marks of headings, lists and quotations.
  const shown = bare(written.replace(/^(?:[-#>]+|\d+\.)(?=\s|$)/gm, ''));
  await prose(page).waitFor();
  await expect.poll(async () => bare(await text(page)), patience).toBe(shown);
  return await text(page);
}

/** Letters only: neither spaces nor the asterisks of emphasis, which stay while it is open. */
function bare(markdown: string): string {
  return markdown.replace(/[*\s]/g, '');
}

const prose = (page: Page) => page.getByRole('article', { name: 'Report' }).locator('.prose');
const html = (page: Page) => prose(page).innerHTML();
const text = async (page: Page) => (await prose(page).textContent()) ?? '';
const status = (page: Page) => page.locator('.status').textContent();
const connection = (page: Page) => page.locator('.badge').textContent();

async function percent(page: Page): Promise<number> {
  return Number(await page.getByRole('progressbar').getAttribute('aria-valuenow'));
}

/** What this test asked of the model, one line for each request: the executions, as it were. */
function outcomes(): string[] {
  return model.requests.slice(requestsBefore).map(({ kind, outcome }) => `${kind} ${outcome}`);
}
