import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { type Desk, noteComplaints, patience, startDesk } from '../desk';
import type { HoldPoint } from '../hold-point';
import { type ChatHost, startChatHost } from './chat-host';
import { loadMajor } from './load-major';
import { ask, ended, type MajorTab, rendered } from './majors-page';

/** One browser and one model for the hosts of all major versions. */
export interface MajorsDesk extends HoldPoint {
  /** A new chat. */
  openTab(host: ChatHost): Promise<MajorTab>;
  /** One more tab on the same chat. */
  openTabBeside(tab: MajorTab): Promise<MajorTab>;
  /** Closes all tabs, and lets everything go on; to be called after each test. */
  tidy(): Promise<void>;
  startHost(major: 6 | 7, options?: { redisUrl?: string }): Promise<ChatHost>;
  /** The chat as it is when nothing gets in the way. */
  readUndisturbed(host: ChatHost, question: string): Promise<string>;
  /** Waits until page and database have the whole chat, once, and as it is undisturbed. */
  expectWhole(tab: MajorTab, undisturbed: string): Promise<void>;
  close(): Promise<void>;
}

export function startMajorsDesk(): Promise<MajorsDesk> {
  return startDesk(createMajorsDesk);
}

function createMajorsDesk(desk: Desk): MajorsDesk {
  const hosts: ChatHost[] = [];
  const undisturbed = new Map<string, string>();

  const openChat = async (host: ChatHost, chatId: string) => {
    const page = await desk.openTab();
    // The browser's own words about the network are not the page's.
    const complaints = noteComplaints(
      page,
      (message) => message.type() === 'error' && !message.text().startsWith('Failed to load'),
    );
    const tab = { page, host, chatId, complaints };
    await page.goto(`${host.address}/?chat=${chatId}`);
    await ready(page);
    return tab;
  };

  const majorsDesk: MajorsDesk = {
    ...desk,
    openTab: (host) => openChat(host, `chat-${randomUUID()}`),
    openTabBeside: ({ host, chatId }) => openChat(host, chatId),
    async tidy() {
      await desk.tidy();
      for (const host of hosts) {
        host.intercept = () => false;
        host.beforeAnswer = () => {};
        host.cut();
      }
    },
    async startHost(version, { redisUrl } = {}) {
      const major = await loadMajor(version);
      const scope = randomUUID();
      const host = await startChatHost({
        major,
        baseURL: desk.modelEnv.OPENAI_BASE_URL,
        holdPoint: desk,
        createStreamContext: () =>
          redisUrl
            ? major.redis.createRedisStreamContext({ url: redisUrl })
            : major.server.createMemoryStreamContext({ scope }),
      });
      hosts.push(desk.own(host, host.close));
      return host;
    },
    async readUndisturbed(host, question) {
      const key = `${host.address} ${question}`;
      const known = undisturbed.get(key);
      if (known) return known;
      const { page } = await majorsDesk.openTab(host);
      await ask(page, question);
      await ended(page);
      const seen = await rendered(page);
      undisturbed.set(key, seen);
      await majorsDesk.tidy();
      return seen;
    },
    async expectWhole({ page, host, chatId, complaints }, undisturbed) {
      await ended(page);
      expect(await rendered(page)).toBe(undisturbed);
      // The database gets it a moment after the page.
      const kept = () => host.store.get(chatId)?.map(({ id, role }) => ({ id, role }));
      const shown = await page.locator('article').evaluateAll((messages) =>
        messages.map((message) => ({
          id: message.getAttribute('data-id'),
          role: message.getAttribute('data-role'),
        })),
      );
      expect(shown.map(({ role }) => role)).toEqual(['user', 'assistant']);
      await expect.poll(kept, patience).toEqual(shown);
      expect(complaints).toEqual([]);
    },
  };
  return majorsDesk;
}

/** Only a page that is alive takes a question. */
async function ready(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Send' }).waitFor();
}
