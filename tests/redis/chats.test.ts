import { randomUUID } from 'node:crypto';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { numberedChunk } from '../helpers/numbered-log';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl } from '../helpers/redis-server';
import { type Instance, type RemoteContext, spawnInstance } from '../helpers/spawn-instance';

const url = sharedRedisUrl();
const keyPrefix = `chats-${randomUUID()}`;
const heartbeatMs = 400;

let admin: RedisAdmin;
let instances: Instance[];
let context: RemoteContext;
let elsewhere: RemoteContext;
let proxy: FaultProxy;
let chatId: string;
let owner: string;

beforeAll(async () => {
  [admin, ...instances] = await Promise.all([connectAdmin(url), spawnInstance(), spawnInstance()]);
});

afterAll(async () => {
  admin.close();
  await Promise.all(instances.map((instance) => instance.kill()));
});

beforeEach(async () => {
  proxy = await startFaultProxy(url);
  context = await instances[0]!.connect({ url: proxy.url, keyPrefix });
  elsewhere = await instances[1]!.connect({ url, keyPrefix });
  chatId = randomUUID();
  owner = 'me';
});

afterEach(async () => {
  await Promise.all([context.close(), elsewhere.close()]);
  await until(() => proxy.connectionCount === 0);
  await proxy.close();
});

async function open(
  at: RemoteContext,
  options: { owner?: string; concurrent?: boolean; taskId?: string } = {},
): Promise<string> {
  const { taskId = randomUUID(), ...rest } = options;
  await at.open(taskId, { chatId, owner, leaseMs: 2 * heartbeatMs, ...rest });
  return taskId;
}

async function end(at: RemoteContext, taskId: string): Promise<void> {
  await at.settle(taskId, 1);
  await at.release(taskId);
}

it('have their task for the active one from its opening until it is released', async () => {
  expect(await elsewhere.activeTask(chatId, owner)).toBeUndefined();
  const taskId = await open(context);
  expect(await elsewhere.activeTask(chatId, owner)).toBe(taskId);
  await context.settle(taskId, 1);
  // It is being saved.
  expect(await elsewhere.activeTask(chatId, owner)).toBe(taskId);
  await context.release(taskId);
  expect(await elsewhere.activeTask(chatId, owner)).toBeUndefined();
});

it('let go of the task that ran when another opens elsewhere', async () => {
  const first = await open(context);
  const second = await open(elsewhere);
  expect(await context.stopped(first)).toMatchObject({
    code: 'cancelled',
    message: 'superseded',
  });
  expect(await context.activeTask(chatId, owner)).toBe(second);
  await end(context, first);
  // It is not cleared by one that is active no more.
  expect(await context.activeTask(chatId, owner)).toBe(second);
  expect(await elsewhere.isStopped(second)).toBe(false);
  await end(elsewhere, second);
  expect(await context.activeTask(chatId, owner)).toBeUndefined();
});

it('do not go back to a task that was superseded, though its process is gone', async () => {
  const doomed = await spawnInstance();
  const remote = await doomed.connect({ url, keyPrefix });
  const first = await open(remote);
  await doomed.kill();
  const second = await open(context);
  await until(async () => (await admin.send('ZSCORE', await chatKey(), first)) === '0');
  // Nor when its entering is asked again, the answer having been lost.
  expect(await elsewhere.open(first, { chatId, owner })).toBe(false);
  expect(await elsewhere.activeTask(chatId, owner)).toBe(second);
  await end(context, second);
  expect(await elsewhere.activeTask(chatId, owner)).toBeUndefined();
});

it('are kept apart by owner', async () => {
  const owners = ['me', 'you', undefined, ''];
  const taskIds = new Map<string | undefined, string>();
  for (const [index, of] of owners.entries()) {
    const at = index % 2 ? elsewhere : context;
    taskIds.set(of, await open(at, { owner: of }));
  }
  for (const [index, of] of owners.entries()) {
    const at = index % 2 ? elsewhere : context;
    const taskId = taskIds.get(of)!;
    expect(await at.activeTask(chatId, of)).toBe(taskId);
    await at.write(taskId, { start: 1, end: 2 });
    expect(await at.isStopped(taskId)).toBe(false);
    await end(at, taskId);
  }
});

it('are left with one running task, however many open at the same time', async () => {
  const chats = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const chat = randomUUID();
      const opened = await Promise.all(
        Array.from({ length: 6 }, async (_, index) => {
          const at = index % 2 ? elsewhere : context;
          const taskId = randomUUID();
          await at.open(taskId, { chatId: chat, owner, leaseMs: 2 * heartbeatMs });
          return { at, taskId };
        }),
      );
      return { chat, opened };
    }),
  );
  for (const { chat, opened } of chats) {
    const active = await elsewhere.activeTask(chat, owner);
    expect(opened.map(({ taskId }) => taskId)).toContain(active);
    for (const { at, taskId } of opened) {
      if (taskId === active) continue;
      expect(await at.stopped(taskId)).toMatchObject({ message: 'superseded' });
      await end(at, taskId);
    }
    const survivor = opened.find(({ taskId }) => taskId === active)!;
    // Whatever was asked of it would be known after a commit.
    await survivor.at.write(survivor.taskId, { start: 1, end: 2 });
    expect(await survivor.at.isStopped(survivor.taskId)).toBe(false);
    expect(await elsewhere.activeTask(chat, owner)).toBe(active);
    await end(survivor.at, survivor.taskId);
    expect(await elsewhere.activeTask(chat, owner)).toBeUndefined();
  }
});

it('let go of the task that ran although the connection is cut when that is asked', async () => {
  const first = await open(elsewhere);
  let calls = 0;
  const asked = proxy.tally(([, ...args]) => {
    if (!args.includes('=superseded')) return false;
    calls += 1;
    // For a while it does not reach Redis.
    if (calls <= 3) proxy.cut();
    return true;
  });
  const second = await open(context);
  expect(await elsewhere.stopped(first)).toMatchObject({ message: 'superseded' });
  expect(asked()).toBeGreaterThanOrEqual(4);
  await end(elsewhere, first);
  await end(context, second);
});

it('do not take back a task that was over when it was opened once more', async () => {
  const taskId = await open(context);
  await end(context, taskId);
  expect(await elsewhere.open(taskId, { chatId, owner })).toBe(false);
  expect(await context.activeTask(chatId, owner)).toBeUndefined();
});

it('keep a running task that somebody tries to open once more', async () => {
  const taskId = await open(context);
  expect(await elsewhere.open(taskId, { chatId, owner })).toBe(false);
  expect(await elsewhere.activeTask(chatId, owner)).toBe(taskId);
  expect(await context.isStopped(taskId)).toBe(false);
  await end(context, taskId);
});

it('keep a running task that entered twice, because two opened it at the same time', async () => {
  const taskId = await open(context);
  // The other one enters first, and opens last.
  await admin.send('ZREM', await chatKey(), taskId);
  expect(await elsewhere.open(taskId, { chatId, owner })).toBe(false);
  expect(await elsewhere.activeTask(chatId, owner)).toBe(taskId);
  await end(context, taskId);
});

it('do not forget a task that has entered and is not open yet', async () => {
  const key = await chatKey();
  const early = randomUUID();
  await admin.send('ZADD', key, String(Date.now() * 1_000), early);
  expect(await elsewhere.activeTask(chatId, owner)).toBeUndefined();
  expect(await admin.send('ZSCORE', key, early)).not.toBeNull();
  // One that entered long ago and never opened is forgotten.
  const never = randomUUID();
  await admin.send('ZADD', key, String((Date.now() - 61_000) * 1_000), never);
  expect(await elsewhere.activeTask(chatId, owner)).toBeUndefined();
  expect(await admin.send('ZSCORE', key, never)).toBeNull();
  await admin.send('DEL', key);
});

it('are not kept for ever', async () => {
  await end(context, await open(context));
  const running = await open(context);
  const keys = [...(await admin.ttls())].filter(([name]) => name.startsWith(keyPrefix));
  expect(keys.length).toBeGreaterThan(0);
  for (const [name, ttl] of keys) expect([name, ttl > 0]).toEqual([name, true]);
  await end(context, running);
});

it('of one process have the newer task active, also when both opened in one microsecond', async () => {
  const own = createRedisStreamContext({ url, keyPrefix });
  try {
    const opened: string[] = [];
    for (let count = 0; count < 20; count++) {
      // As if the clock of Redis had been ahead.
      if (count === 10) {
        const key = await chatKey();
        await admin.send('ZADD', key, 'XX', String((Date.now() + 60_000) * 1_000), opened[9]!);
      }
      const taskId = randomUUID();
      const options = { chatId, owner, leaseMs: 60_000, token: randomUUID() };
      await own.open(taskId, { ...options, frames: [numberedChunk(0)] });
      opened.push(taskId);
      expect(await own.activeTask(chatId, { owner })).toBe(taskId);
    }
  } finally {
    await own.close();
  }
});

/** The key of the test's chat. */
async function chatKey(): Promise<string> {
  const digest = await crypto.subtle.digest(
    'SHA-256',
    new TextEncoder().encode(JSON.stringify([owner, chatId])),
  );
  return `${keyPrefix}:chat:${Buffer.from(digest).toString('hex')}`;
}
