import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UIMessage } from 'ai';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { answers, ask, ended, rendered } from './chat-page';
import { type Desk, isErrorOrWarning, noteComplaints, patience, startDesk } from './desk';
import { demoPace, type RunningDemo, startDemo } from './start-demo';

/** What the model can be held at: its thoughts, its answer, or the report that a tool writes. */
type Passage = 'reasoning' | 'answer' | 'outline' | 'report' | 'closing';

/** A tab of the demo's chat. */
interface ChatTab {
  readonly page: Page;
  /** What the page complained about: uncaught errors, and errors and warnings of the console. */
  readonly complaints: string[];
  /** What the page asked of the server. */
  readonly requests: ChatRequest[];
}

interface ChatRequest {
  method: string;
  path: string;
  /** Whether it follows an answer. */
  isFollowing: boolean;
  status: number;
  /** Which instance of the demo has answered, when there are several. */
  instance: string | undefined;
}

/** The demo, browsers in front of it, and a model behind it that writes no further than it may. */
export interface ChatDesk {
  readonly address: string;
  /** What the demo has printed until now. */
  output(): string;
  /** Opens a browser of its own with one tab. Counting what the model is asked begins anew. */
  openTab(options?: BrowserContextOptions & { address?: string }): Promise<ChatTab>;
  /** Opens one more tab in the browser of the last one. */
  openTabBeside(tab: ChatTab): Promise<ChatTab>;
  /** Closes all browsers, and lets the model go on; to be called after each test. */
  closeTabs(): Promise<void>;
  /** From now on the model is held when the given share of the passage, 0 to 1, is written. */
  holdAt(passage: Passage, share: number): void;
  /** Resolves once it is held there. */
  held(): Promise<void>;
  release(): void;
  /** The answer as it is when nothing gets in the way, and the page was then loaded anew. */
  readUndisturbed(question: string): Promise<string>;
  /** What was asked of the model since the tab was opened, one line for each request. */
  outcomes(): string[];
  /** The answers that the database has of the chat of a page. */
  answersKept(page: Page): Promise<{ id: string; text: string }[]>;
  /** Whether the server says that an answer is being written in the chat of a page. */
  isAnswering(pageAddress: string): Promise<boolean>;
  /** Waits until the page and the database have one answer, or so many, the newest undisturbed. */
  expectWhole(page: Page, undisturbed: string, count?: number): Promise<void>;
  /** Makes the database unreadable until the returned function is called. */
  breakDatabase(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

interface KeptChat {
  id: string;
  messages: UIMessage[];
}

export function startChatDesk({
  args = [],
}: {
  /** Of `npm run demo`. */
  args?: readonly string[];
} = {}): Promise<ChatDesk> {
  return startDesk(async (desk) => {
    const folder = await mkdtemp(join(tmpdir(), 'chat-desk-'));
    desk.own(folder, () => rm(folder, { recursive: true, force: true }));
    const database = join(folder, 'chats.json');
    const env = { ...desk.modelEnv, OPENAI_MODEL: 'local-writer', CHAT_DATABASE: database };
    const demo = await startDemo(env, args);
    desk.own(demo, demo.stop);
    return createChatDesk({ desk, database, demo });
  }, demoPace);
}

function createChatDesk({
  desk,
  database,
  demo,
}: {
  desk: Desk;
  database: string;
  demo: RunningDemo;
}): ChatDesk {
  const undisturbed = new Map<string, string>();

  const openIn = async (context: BrowserContext, address: string): Promise<ChatTab> => {
    const page = await context.newPage();
    const complaints = noteComplaints(page, isErrorOrWarning);
    const requests: ChatRequest[] = [];
    page.on('response', (response) => {
      const { pathname: path } = new URL(response.url());
      if (!path.startsWith('/api/')) return;
      const instance = response.headers()['x-demo-instance'];
      const method = response.request().method();
      const { accept = '' } = response.request().headers();
      const isFollowing =
        path === '/api/chat' && method === 'GET' && !accept.includes('application/json');
      requests.push({ method, path, isFollowing, status: response.status(), instance });
    });
    await page.goto(address);
    return { page, complaints, requests };
  };

  const chatDesk: ChatDesk = {
    address: demo.address,
    output: demo.output,
    async openTab({ address = demo.address, ...options } = {}) {
      desk.countAnew();
      return openIn(await desk.openBrowser(options), address);
    },
    openTabBeside: ({ page }) => openIn(page.context(), page.url()),
    closeTabs: desk.tidy,
    holdAt: (passage, share) => desk.holdAt(share, passage),
    held: desk.held,
    release: desk.release,
    async readUndisturbed(question) {
      const known = undisturbed.get(question);
      if (known) return known;
      const { page } = await chatDesk.openTab();
      await ask(page, question);
      await ended(page);
      const seen = await rendered(page);
      await page.reload();
      await ended(page);
      // The page shows what it was told as it shows what was kept.
      expect(await rendered(page)).toBe(seen);
      undisturbed.set(question, seen);
      await desk.tidy();
      return seen;
    },
    outcomes: desk.outcomes,
    async answersKept(page) {
      const { chats }: { chats: KeptChat[] } = JSON.parse(await readFile(database, 'utf8'));
      const chat = chats.find(({ id }) => id === chatIdOf(page.url()));
      return (chat?.messages ?? []).flatMap(({ id, role, parts }) => {
        const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
        return role === 'assistant' ? [{ id, text: texts.join('\n') }] : [];
      });
    },
    async isAnswering(pageAddress) {
      // Without keeping the connection, which would outlive the test.
      const headers = { connection: 'close', accept: 'application/json' };
      const address = `${demo.address}/api/chat?chatId=${chatIdOf(pageAddress)}`;
      const chat: { activeTask: string | null } = await (await fetch(address, { headers })).json();
      return chat.activeTask !== null;
    },
    async expectWhole(page, undisturbed, count = 1) {
      await ended(page);
      expect(await rendered(page)).toBe(undisturbed);
      expect(await answers(page).count()).toBe(count);
      // The database gets it a moment after the page.
      await expect.poll(() => chatDesk.answersKept(page), patience).toHaveLength(count);
    },
    async breakDatabase() {
      const whole = await readFile(database, 'utf8').catch(() => undefined);
      await writeFile(database, 'not JSON');
      return () => (whole === undefined ? rm(database) : writeFile(database, whole));
    },
    close: desk.close,
  };
  return chatDesk;
}

function chatIdOf(pageAddress: string): string | null {
  return new URL(pageAddress).searchParams.get('chat');
}
