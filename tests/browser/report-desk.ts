import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { composeOutline, composeSection } from '../../examples/next-chat/lib/compose-report.mjs';
import { type Desk, isErrorOrWarning, noteComplaints, patience, startDesk } from './desk';
import { demoPace, type RunningDemo, startDemo } from './start-demo';

/** Where the reports are, by the command that starts the demo. */
const reportPaths = { demo: '/report', 'demo:workers': '/' };

export { patience };

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
  /** Expects that the next attempt goes on with what the model held back, and all is as if undisturbed. */
  finishesUndisturbed(page: Page, undisturbed: string): Promise<void>;
  /** Lets the model write on. */
  release(): void;
  /** What was asked of the model since the page was opened, one line for each request. */
  outcomes(): string[];
  close(): Promise<void>;
}

export function startReportDesk({
  args = [],
  command = 'demo',
}: {
  /** Of the command. */
  args?: readonly string[];
  command?: keyof typeof reportPaths;
} = {}): Promise<ReportDesk> {
  return startDesk(async (desk) => {
    const demo = await startDemo({ ...desk.modelEnv, OPENAI_MODEL: 'local-writer' }, args, command);
    desk.own(demo, demo.stop);
    return createReportDesk(desk, demo, reportPaths[command]);
  }, demoPace);
}

function createReportDesk(desk: Desk, demo: RunningDemo, reportPath: string): ReportDesk {
  const openPage: ReportDesk['openPage'] = async ({ address = demo.address, ...options } = {}) => {
    desk.countAnew();
    const page = await (await desk.openBrowser(options)).newPage();
    const complaints = noteComplaints(page, isErrorOrWarning);
    page.on('response', (response) => {
      if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(new URL(reportPath, address).href);
    return { page, complaints };
  };

  return {
    address: demo.address,
    output: demo.output,
    openPage,
    closePage: desk.tidy,
    async startHeld(page, topic, share) {
      desk.holdAt(share);
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
      await desk.tidy();
      return undisturbed;
    },
    async finishesUndisturbed(page, undisturbed) {
      await page.getByText('Attempt 2').waitFor();
      desk.release();
      await page.getByRole('status', { name: 'The report is ready' }).waitFor();
      expect(await html(page)).toBe(undisturbed);
      expect(desk.outcomes()).toEqual([
        ...['outline completed', 'report disconnected', 'report completed'],
      ]);
    },
    release: desk.release,
    outcomes: desk.outcomes,
    close: desk.close,
  };
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
