// Chats in one file that are served by several processes at once.
import type { UIMessage } from 'ai';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { type ChatRoute, superviseTasks, type TaskStreamContext } from 'ai-task-stream/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { openPage, textsOf, userMessage } from '../helpers/chat-route';
import { createHeldChats, heldChatId, type StoredChat } from '../helpers/held-chats';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createRedisTexts } from '../helpers/redis-texts';
import { spawnTaskProcess, type TaskProcess } from '../helpers/spawn-task-process';
import { createId } from '../helpers/tasks';

const heartbeatMs = 1_000;
const keyPrefix = `chats-apart-${createId()}`;
const url = sharedRedisUrl();

interface Server {
  readonly process: TaskProcess;
  readonly origin: string;
}

let admin: RedisAdmin;
let context: TaskStreamContext;
let chats: Record<'once' | 'again', ChatRoute>;
let servers: Server[];

async function startServer(): Promise<Server> {
  const process = await spawnTaskProcess('held-chats', {
    env: {
      ...{ HELD_REDIS_URL: url, HELD_KEY_PREFIX: keyPrefix },
      HELD_HEARTBEAT_MS: `${heartbeatMs}`,
    },
  });
  const { port } = await process.next<{ port: number }>();
  return { process, origin: `http://127.0.0.1:${port}` };
}

beforeAll(async () => {
  admin = await connectAdmin(url);
  servers = await Promise.all([startServer(), startServer(), startServer()]);
});

beforeEach(() => {
  context = createRedisStreamContext({ url, keyPrefix });
  chats = createHeldChats({
    ...{ streamContext: context, heartbeatMs },
    store: createRedisTexts(admin, keyPrefix),
  });
});

afterEach(() => context.close());

afterAll(async () => {
  await Promise.all(servers.map(({ process }) => process.kill()));
  for (const key of (await admin.send('KEYS', `${keyPrefix}*`)) as string[]) {
    await admin.send('DEL', key);
  }
  admin.close();
});

async function storedMessages(chatId: string): Promise<UIMessage[]> {
  const text = (await admin.send('GET', `${keyPrefix}:messages:${chatId}`)) as string | null;
  return text === null ? [] : (JSON.parse(text) as StoredChat).messages;
}

function post(
  server: number,
  kind: 'once' | 'again',
  { chatId, question, taskId }: { chatId: string; question: string; taskId: string },
): Promise<Response> {
  return fetch(`${servers[server]?.origin}/${kind}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: chatId, messages: [userMessage(question)], taskId }),
  });
}

describe('A chat that several processes serve', () => {
  it('has each of two turns that come at once, one after the other (R-CHAT-4, R-CHAT-8)', async () => {
    const ids = Array.from({ length: 15 }, () => createId());
    await Promise.all(
      ids.map(async (chatId) => {
        const tasks = [createId(), createId()];
        const asking = tasks.map(async (taskId, n) => {
          const response = await post(n, 'once', { chatId, question: `q${n}`, taskId });
          await response.text();
        });
        await Promise.all(asking);
        const page = openPage(chats.once, { chatId });
        await until(async () => (await page.view()).activeTask === null);
        const { messages } = await page.view();
        expect(messages.map(({ role }) => role)).toEqual([
          'user',
          'assistant',
          'user',
          'assistant',
        ]);
        const answered = messages.flatMap(({ id }, n) =>
          n % 2 === 0 ? `${id} ${messages[n + 1]?.id}` : [],
        );
        expect(answered.sort()).toEqual([`q0 ${tasks[0]}`, `q1 ${tasks[1]}`]);
      }),
    );
  });

  it('goes on elsewhere when the process of a turn drains, for a page that follows the chat', async () => {
    const chatId = heldChatId('has answered half');
    const taskId = createId();
    const response = await post(2, 'again', { chatId, question: 'q1', taskId });
    const { process } = servers[2] as Server;
    expect(await process.next()).toEqual({ held: chatId });
    const draining = process.kill('SIGTERM');
    await response.text();
    const page = openPage(chats.again, { chatId });
    await until(async () => {
      await (await page.follow()).text();
      return (await page.view()).activeTask === null;
    });
    await draining;
    expect(textsOf(await storedMessages(chatId))).toEqual(['q1: q1', `${taskId}: the answer`]);
  });

  it('is not waited for by a process that drains, and only follows its turns', async () => {
    const chatId = heldChatId('begins to answer');
    const asking = post(1, 'once', { chatId, question: 'q1', taskId: createId() });
    expect(await servers[1]?.process.next()).toEqual({ held: chatId });
    const following = await openPage(chats.once, { chatId }).follow();
    const text = following.text();
    // Longer than any test.
    await context.drain?.({ timeoutMs: 1_000_000 });
    expect(await text).not.toContain('[DONE]');
    await (await asking).body?.cancel();
  });

  it('is looked after by a supervisor while no page is there (R-CHAT-6)', async () => {
    servers[2] = await startServer();
    const { process } = servers[2];
    const turns = (['has answered half', 'saves the answer'] as const).flatMap((point) =>
      (['once', 'again'] as const).map((kind) => {
        return { kind, chatId: heldChatId(point), taskId: createId(), question: 'q1' };
      }),
    );
    const asking = turns.map(async (turn) => (await post(2, turn.kind, turn)).text());
    const asked = Promise.allSettled(asking);
    for (const _turn of turns) await process.next();
    await process.kill();
    await asked;
    const tasks = [chats.once.task, chats.again.task];
    const supervisor = superviseTasks({ streamContext: context, tasks, heartbeatMs });
    for (const { kind, chatId, taskId } of turns) {
      await until(async () => (await storedMessages(chatId)).length === 2);
      const [question, answer = ''] = textsOf(await storedMessages(chatId));
      expect(question).toBe('q1: q1');
      if (kind === 'again') expect(answer).toBe(`${taskId}: the answer`);
      else expect(`${taskId}: the answer`.startsWith(answer)).toBe(true);
    }
    await supervisor.stop();
  });
});
