import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { composeOutline, composeSection } from '../../examples/next-chat/lib/compose-report.mjs';
import { startLocalOpenAI } from '../../examples/next-chat/local-openai.mjs';
import { requireProgram } from '../../scripts/find-program.mjs';
import { createHoldPoint, type HoldPoint } from './hold-point';
import { type RunningDemo, startDemo } from './start-demo';

/** Where the demo's reports are. */
const reportPath = '/report';

/** Bounds what never comes; a slow machine may take its time. */
export const patience = { timeout: 60_000 };

/** The demo, a browser in front of it, and a model behind it that writes no further than it may. */
export interface ReportDesk {
  readonly address: string;
  /** What the demo has printed until now. */
  output(): string;
  /** Opens the demo in a browser context of its own; one at a time. Counting begins anew. */
  openPage(options?: BrowserContextOptions & { address?: string }): Promise<{
    page: Page;
    /** What the page complained about: uncaught errors, and errors and warnings of the console. */
    complaints: string[];
  }>;
  /** Closes it, and lets the model go on; to be called after each test. */
  closePage(): Promise<void>;
  /** Starts a task whose model holds at the given share, and waits for all words until there. */
  startHeld(page: Page, topic: string, share: number): Promise<string>;
  /** The report's HTML as it is when nothing gets in the way. */
  readUndisturbed(topic: string): Promise<string>;
  /** Lets the model write on. */
  release(): void;
  /** What was asked of the model since the page was opened, one line for each request. */
  outcomes(): string[];
  close(): Promise<void>;
}

export async function startReportDesk({
  args = [],
}: {
  /** Of `npm run demo`. */
  args?: readonly string[];
} = {}): Promise<ReportDesk> {
  const holdPoint = createHoldPoint();
  const model = await startLocalOpenAI({
    wordsPerSecond: 3_000,
    beforeWord: holdPoint.beforeWord,
  });
  const stops: (() => Promise<unknown>)[] = [model.close];
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const env = {
      OPENAI_API_KEY: 'local',
      OPENAI_BASE_URL: model.baseURL,
      OPENAI_MODEL: 'local-writer',
    };
    const demo = await startDemo(env, args);
    stops.push(demo.stop);
    const browser = await launchBrowser();
    stops.push(() => browser.close());
    return createReportDesk({ holdPoint, model, demo, browser, close });
  } catch (error) {
    await close();
    throw error;
  }
}

function createReportDesk({
  holdPoint,
  model,
  demo,
  browser,
  close,
}: {
  holdPoint: HoldPoint;
  model: Awaited<ReturnType<typeof startLocalOpenAI>>;
  demo: RunningDemo;
  browser: Browser;
  close: () => Promise<void>;
}): ReportDesk {
  let requestsBefore = 0;
  let closeContext: () => Promise<void> = async () => {};

  const openPage: ReportDesk['openPage'] = async ({ address = demo.address, ...options } = {}) => {
    requestsBefore = model.requests.length;
    const context = await browser.newContext(options);
    context.setDefaultTimeout(patience.timeout);
    closeContext = () => context.close();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        complaints.push(message.text());
      }
    });
    page.on('response', (response) => {
      if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(new URL(reportPath, address).href);
    return { page, complaints };
  };

  const closePage = async () => {
    holdPoint.release();
    await closeContext();
    closeContext = async () => {};
  };

  return {
    address: demo.address,
    output: demo.output,
    openPage,
    closePage,
    async startHeld(page, topic, share) {
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
    },
    async readUndisturbed(topic) {
      const { page } = await openPage();
      await start(page, topic);
      await page.getByRole('status', { name: 'The report is ready' }).waitFor();
      const undisturbed = await html(page);
      await closePage();
      return undisturbed;
    },
    release: holdPoint.release,
    outcomes: () =>
      model.requests.slice(requestsBefore).map(({ kind, outcome }) => `${kind} ${outcome}`),
    close,
  };
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: requireProgram('chromium'),
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
}

async function start(page: Page, topic: string): Promise<void> {
  await page.getByLabel('What should the report be about?').fill(topic);
  await page.getByRole('button', { name: 'Write the report' }).click();
}

/** Letters only: neither spaces nor the asterisks of emphasis, which stay while it is open. */
function bare(markdown: string): string {
  return markdown.replace(/[*\s]/g, '');
}

const prose = (page: Page) => page.getByRole('article', { name: 'Report' }).locator('.prose');

export const html = (page: Page): Promise<string> => prose(page).innerHTML();

export const text = async (page: Page): Promise<string> => (await prose(page).textContent()) ?? '';

export const status = (page: Page): Promise<string | null> => page.locator('.status').textContent();

export const connection = (page: Page): Promise<string | null> =>
  page.locator('.badge').textContent();

export async function percent(page: Page): Promise<number> {
  return Number(await page.getByRole('progressbar').getAttribute('aria-valuenow'));
}
