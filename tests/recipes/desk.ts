import type { BrowserContext, Page } from 'playwright-core';
import { startLocalOpenAI } from '../../examples/next-chat/local-openai.mjs';
import { findFreePort } from '../../scripts/find-free-port.mjs';
import { type CuttableProxy, createCuttableProxy } from '../browser/cuttable-proxy';
import { createHoldPoint, type HoldPoint } from '../browser/hold-point';
import { launchBrowser, patience } from '../browser/report-desk';
import { createServer, type Server } from './run-program';

/** How a server is run, which listens on the given port of this machine. */
type ServerPlan = (port: string) => {
  /** Of `node`. */
  args: string[];
  cwd: string;
  env?: Record<string, string>;
};

/** A server, and the wire through which a page reaches it. */
export interface WiredServer extends Server {
  wire: CuttableProxy;
}

/** What is around the projects: a browser, a model that can be held, and wires that can be cut. */
export interface Desk extends HoldPoint {
  /** Lets OpenAI's provider talk to the model. */
  modelEnv: Record<string, string>;
  /** Gives a server its address; its `start` runs it. */
  serve(plan: ServerPlan): Promise<WiredServer>;
  openTab(address: string): Promise<Page>;
  /** What the pages did not catch since the last call. */
  takeComplaints(): string[];
  /** Is closed with the desk, before all that was there earlier. */
  own<Closable>(closable: Closable, close: () => Promise<unknown>): Closable;
  /** Closes all tabs and connections, and lets the model go on; to be called after each test. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

export async function startDesk(): Promise<Desk> {
  const holdPoint = createHoldPoint();
  const closes: (() => Promise<unknown>)[] = [];
  const wires: CuttableProxy[] = [];
  let complaints: string[] = [];
  const own: Desk['own'] = (closable, close) => {
    closes.push(close);
    return closable;
  };
  const model = await startLocalOpenAI({ wordsPerSecond: 6_000, beforeWord: holdPoint.beforeWord });
  closes.push(model.close);
  const browser = await launchBrowser();
  closes.push(() => browser.close());
  const context: BrowserContext = await browser.newContext();
  context.setDefaultTimeout(patience.timeout);

  const tidy = async () => {
    holdPoint.release();
    for (const page of context.pages()) await page.close();
    // Also those that the browser keeps for later.
    for (const wire of wires) wire.reset();
  };
  return {
    ...holdPoint,
    modelEnv: { OPENAI_API_KEY: 'local', OPENAI_BASE_URL: model.baseURL },
    async serve(plan) {
      const port = await findFreePort();
      const address = `http://127.0.0.1:${port}`;
      const { args, ...options } = plan(String(port));
      const server = createServer(args, { ...options, address });
      closes.push(() => server.kill());
      const wire = await createCuttableProxy(address);
      closes.push(() => wire.close());
      wires.push(wire);
      return { ...server, wire };
    },
    async openTab(address) {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(address);
      return page;
    },
    takeComplaints() {
      const taken = complaints;
      complaints = [];
      return taken;
    },
    own,
    tidy,
    async close() {
      await tidy();
      for (const close of closes.reverse()) await close();
    },
  };
}
