// Cancels for tasks that never come, which anybody may send.
import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { afterEach, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { setUpOwnRedis } from '../helpers/own-redis';
import { createRedisInstances } from '../helpers/redis-contexts';
import { createId } from '../helpers/tasks';

const redis = setUpOwnRedis();
const instances = createRedisInstances();

afterEach(() => instances.close());

async function usedBytes(): Promise<number> {
  const info = String(await redis.admin.send('INFO', 'memory'));
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

async function keyCount(): Promise<number> {
  return Number(await redis.admin.send('DBSIZE'));
}

/** Runs so many at a time as a busy server does. */
async function manyTimes(count: number, work: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n += 100) {
    await Promise.all(Array.from({ length: Math.min(100, count - n) }, work));
  }
}

it('take little memory of Redis, whatever their reasons are', async () => {
  const { context } = instances.open({ url: redis.server.url });
  const route = createTaskRoute(defineTask({ name: 'work', execute: () => {} }), {
    streamContext: context,
  });
  for (const reason of ['x'.repeat(14_000), '語'.repeat(1_500)]) {
    const address = `http://localhost/task?${new URLSearchParams({ reason })}&taskId=`;
    const before = await usedBytes();
    await manyTimes(5_000, async () => {
      const answer = await route.DELETE(new Request(address + createId(), { method: 'DELETE' }));
      expect(answer.status).toBe(404);
    });
    await until(async () => (await usedBytes()) - before < 10 * 1024 * 1024);
  }
});

it('are kept in number as well, and the newest of all still stops its task', async () => {
  const { context } = instances.open({ url: redis.server.url });
  await redis.admin.send('FLUSHALL');
  await manyTimes(11_000, () => context.cancel(createId()));
  const newest = createId();
  await context.cancel(newest, { reason: 'newest' });
  await until(async () => (await keyCount()) <= 10_000);
  const log = await context.open(newest, { leaseMs: 10_000, token: newest, frames: ['{}'] });
  expect(log?.signal.reason).toMatchObject({ cause: { message: 'newest' } });
  await log?.settle([], 'cancelled');
});
