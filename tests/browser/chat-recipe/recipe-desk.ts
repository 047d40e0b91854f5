import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UIMessage } from 'ai';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { type RedisServer, startRedis } from '../../helpers/redis-server';
import { spawnProgram, type TaskProcess } from '../../helpers/spawn-task-process';
import { type Desk, noteComplaints, startDesk } from '../desk';
import type { HoldPoint } from '../hold-point';
import { bundleRecipe } from './bundle-recipe';

/** A chat in a tab of the page that docs/chat.md shows. */
export interface RecipeTab {
  readonly page: Page;
  readonly chatId: string;
  /** Uncaught errors. */
  readonly complaints: string[];
}

/** A host that has pasted docs/chat.md. */
export interface RecipeHost {
  openTab(chatId?: string): Promise<RecipeTab>;
  /** Asks one more question, as a page does that knows of no other. */
  ask(chatId: string, question: string): Promise<void>;
  /** What its database has of a chat, as the page is given it. */
  saved(chatId: string): Promise<UIMessage[]>;
  /** Kills its server, without a word to anybody. */
  kill(): Promise<void>;
  /** Starts the server again, at the same address and with the same database. */
  start(): Promise<void>;
}

/** One browser, one Redis and one model for all hosts. */
export interface RecipeDesk extends HoldPoint {
  startHost(major: 6 | 7, options?: { uploadsAll?: boolean }): Promise<RecipeHost>;
  /** Closes all tabs, and lets the model go on; to be called after each test. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

export function startRecipeDesk(): Promise<RecipeDesk> {
  return startDesk(async (desk) => {
    const redis = await startRedis();
    desk.own(redis, redis.stop);
    return {
      ...desk,
      startHost: (major, options) => startRecipeHost({ major, options, redis, desk }),
    };
  });
}

async function startRecipeHost({
  major,
  options,
  redis,
  desk,
}: {
  major: 6 | 7;
  options: { uploadsAll?: boolean } | undefined;
  redis: RedisServer;
  desk: Desk;
}): Promise<RecipeHost> {
  const folder = await mkdtemp(join(tmpdir(), 'chat-recipe-'));
  desk.own(folder, () => rm(folder, { recursive: true }));
  const script = await bundleRecipe(major, options);
  await writeFile(join(folder, 'page.js'), script.page);
  const env = {
    CHATS_FILE: join(folder, 'chats.json'),
    RECIPE_PAGE: join(folder, 'page.js'),
    REDIS_URL: redis.url,
    ...desk.modelEnv,
  };
  let port = 0;
  let server: TaskProcess | undefined;

  const start = async () => {
    const started = spawnProgram('recipe-host', script.host, { env: { ...env, PORT: `${port}` } });
    server = started;
    port = await started.next<number>();
  };
  const kill = async () => server?.kill();
  await start();
  desk.own(server, kill);

  return {
    start,
    kill,
    async openTab(chatId = `chat-${randomUUID()}`) {
      const page = await desk.openTab();
      const complaints = noteComplaints(page);
      await page.goto(`http://127.0.0.1:${port}/?chat=${chatId}`);
      await page.getByRole('button', { name: 'Send' }).waitFor();
      return { page, chatId, complaints };
    },
    async ask(chatId, text) {
      const messages = [{ id: randomUUID(), role: 'user', parts: [{ type: 'text', text }] }];
      const response = await fetch(`http://127.0.0.1:${port}/api/chats`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id: chatId, messages }),
      });
      await response.body?.cancel();
    },
    async saved(chatId) {
      const response = await fetch(`http://127.0.0.1:${port}/api/chats/${chatId}`);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const { messages }: { messages: UIMessage[] } = await response.json();
      return messages;
    },
  };
}
