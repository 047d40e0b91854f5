import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type ConsoleMessage,
  chromium,
  type Page,
} from 'playwright-core';
import { startLocalOpenAI } from '../../examples/next-chat/local-openai.mjs';
import { requireProgram } from '../../scripts/find-program.mjs';
import { createHoldPoint, type HoldPoint } from './hold-point';

/** Bounds what never comes; a slow machine may take its time. */
export const patience = { timeout: 60_000 };

/** What every desk has: a browser, and a model that writes no further than it may. */
export interface Desk extends HoldPoint {
  /** Lets OpenAI's provider talk to the model. */
  readonly modelEnv: { OPENAI_API_KEY: string; OPENAI_BASE_URL: string };
  /** What was asked of the model since `countAnew`, one line for each request. */
  outcomes(): string[];
  countAnew(): void;
  /** Opens a browser of its own, without a tab. */
  openBrowser(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** Opens an empty tab, in one browser with all others that were opened since the last `tidy`. */
  openTab(): Promise<Page>;
  /** Is closed with the desk, before all that was there earlier. */
  own<Closable>(closable: Closable, close: () => Promise<unknown>): Closable;
  /** Closes all browsers, and lets the model go on; to be called after each test. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

/** Starts what every desk has, and lays out the rest; closes all of it when that fails. */
export async function startDesk<Laid>(
  lay: (desk: Desk) => Laid | Promise<Laid>,
  { wordsPerSecond = 6_000 }: { wordsPerSecond?: number } = {},
): Promise<Laid> {
  const holdPoint = createHoldPoint();
  const closes: (() => Promise<unknown>)[] = [];
  const contexts: BrowserContext[] = [];
  let shared: Promise<BrowserContext> | undefined;
  let requestsBefore = 0;

  const model = await startLocalOpenAI({ wordsPerSecond, beforeWord: holdPoint.beforeWord });
  closes.push(model.close);

  const desk: Omit<Desk, 'openBrowser' | 'openTab'> = {
    ...holdPoint,
    modelEnv: { OPENAI_API_KEY: 'local', OPENAI_BASE_URL: model.baseURL },
    outcomes: () =>
      model.requests.slice(requestsBefore).map(({ kind, outcome }) => `${kind} ${outcome}`),
    countAnew() {
      requestsBefore = model.requests.length;
    },
    own(closable, close) {
      closes.push(close);
      return closable;
    },
    async tidy() {
      holdPoint.release();
      shared = undefined;
      for (const context of contexts.splice(0)) await context.close();
    },
    async close() {
      await desk.tidy();
      for (const close of closes.splice(0).reverse()) await close();
    },
  };
  try {
    const browser = await launchBrowser();
    closes.push(() => browser.close());
    const openBrowser = async (options?: BrowserContextOptions) => {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(patience.timeout);
      contexts.push(context);
      return context;
    };
    const openTab = async () => {
      shared ??= openBrowser();
      return (await shared).newPage();
    };
    return await lay({ ...desk, openBrowser, openTab });
  } catch (error) {
    await desk.close();
    throw error;
  }
}

/** Notes what a page did not catch, and what it wrote to its console that counts. */
export function noteComplaints(
  page: Page,
  counts: (message: ConsoleMessage) => boolean = () => false,
): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (counts(message)) complaints.push(`${message.text()} ${message.location().url}`.trim());
  });
  return complaints;
}

export const isErrorOrWarning = (message: ConsoleMessage): boolean =>
  ['error', 'warning'].includes(message.type());

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
