import { randomUUID } from 'node:crypto';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import type { TaskLog, TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { followLog } from '../helpers/follow-log';
import { digestOf, numberedChunk } from '../helpers/numbered-log';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl } from '../helpers/redis-server';

const heartbeatMs = 400;
const keyPrefix = `commands-${randomUUID()}`;

let cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

/** An instance, and the wire on which its commands are counted. */
async function connect(): Promise<{ context: TaskStreamContext; proxy: FaultProxy }> {
  const proxy = await startFaultProxy(sharedRedisUrl());
  const context = createRedisStreamContext({ url: proxy.url, keyPrefix });
  cleanups.push(async () => {
    await context.close();
    await until(() => proxy.connectionCount === 0);
    await proxy.close();
  });
  return { context, proxy };
}

async function open(
  context: TaskStreamContext,
  taskId: string,
  leaseMs = 2 * heartbeatMs,
): Promise<TaskLog> {
  const options = { leaseMs, token: randomUUID(), frames: [numberedChunk(0)] };
  const log = await context.open(taskId, options);
  if (!log) throw new Error('The task exists already.');
  return log;
}

/** Followers that have begun to read. */
async function follow(context: TaskStreamContext, taskId: string, count: number) {
  const followers = Array.from({ length: count }, () => followLog(context, taskId));
  await Promise.all(followers.map(({ attached }) => attached));
  return followers;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

it.each([
  ['at once', 10_000],
  ['in turns', 250],
])('10,000 chunks that come %s are stored with 100 calls at most', async (_, perTurn) => {
  const { context, proxy } = await connect();
  const taskId = randomUUID();
  const log = await open(context, taskId);
  const [follower] = await follow(context, taskId, 1);
  const calls = proxy.tally(() => true);
  for (let n = 1; n <= 10_000; ) {
    for (let count = 0; count < perTurn; count++) log.append(numberedChunk(n++));
    await pause(0);
  }
  await log.settle([numberedChunk(10_001)], 'completed');
  expect(calls()).toBeLessThanOrEqual(100);
  expect((await follower!.ended).digest).toBe(digestOf(0, 10_002));
});

it('a steady task costs as much with fifty readers in a process as with one', async () => {
  const [writer, one, many] = [await connect(), await connect(), await connect()];
  const taskId = randomUUID();
  // Silence is not the subject here.
  const log = await open(writer.context, taskId, 60_000);
  const followers = [
    ...(await follow(one.context, taskId, 1)),
    ...(await follow(many.context, taskId, 50)),
  ];
  let end = 1;
  const write = async () => {
    log.append(numberedChunk(end++));
    await until(() => followers.every((follower) => follower.reading().count === end));
  };
  // Each reader has asked once, and each process once more after it had subscribed.
  await until(() => one.proxy.count('EVALSHA') >= 2 && many.proxy.count('EVALSHA') >= 51);
  for (let count = 0; count < 5; count++) await write();
  const calls = [one, many].map(({ proxy }) => proxy.tally(() => true));
  for (let count = 0; count < 40; count++) await write();
  // The wake-ups have brought everything.
  expect(calls.map((count) => count())).toEqual([0, 0]);
  await log.settle([numberedChunk(end)], 'completed');
  for (const { ended } of followers) expect((await ended).digest).toBe(digestOf(0, end + 1));
  expect([one, many].map(({ proxy }) => proxy.count('SUBSCRIBE'))).toEqual([1, 1]);
});

it('a silent heartbeat is answered with one look, however many readers there are', async () => {
  const [writer, one, many] = [await connect(), await connect(), await connect()];
  const taskId = randomUUID();
  const log = await open(writer.context, taskId);
  for (const { proxy } of [one, many]) proxy.treatMessages('drop');
  await follow(one.context, taskId, 1);
  await follow(many.context, taskId, 50);
  await until(() => one.proxy.count('SUBSCRIBE') === 1 && many.proxy.count('SUBSCRIBE') === 1);
  await pause(heartbeatMs);
  const beats = 4;
  const startedAt = performance.now();
  const calls = [one, many].map(({ proxy }) => proxy.tally(() => true));
  await pause(beats * heartbeatMs);
  const elapsedBeats = (performance.now() - startedAt) / heartbeatMs;
  for (const count of calls) {
    expect(count()).toBeGreaterThan(0);
    expect(count()).toBeLessThanOrEqual(Math.ceil(elapsedBeats) + 1);
  }
  await log.settle([], 'completed');
});

// R-LEASE-1
it('a producer without news renews its lease once in a heartbeat', async () => {
  const { context, proxy } = await connect();
  const log = await open(context, randomUUID());
  const startedAt = performance.now();
  const calls = proxy.tally(() => true);
  await pause(5 * heartbeatMs);
  const elapsedBeats = (performance.now() - startedAt) / heartbeatMs;
  expect(calls()).toBeGreaterThan(0);
  expect(calls()).toBeLessThanOrEqual(Math.ceil(elapsedBeats) + 1);
  await log.settle([], 'completed');
});
