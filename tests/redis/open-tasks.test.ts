// The index of open tasks, as Redis has it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DueTask, OpenTaskOptions, TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { closingOf, openingOf } from '../helpers/attempted-task';
import { setUpOwnRedis } from '../helpers/own-redis';
import { createRedisInstances, type RedisInstance } from '../helpers/redis-contexts';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { createId } from '../helpers/tasks';

const instances = createRedisInstances();
const own = setUpOwnRedis();
const dayMs = 24 * 60 * 60 * 1000;
const definition = 'report';
let proxy: FaultProxy;
let here: RedisInstance;
let elsewhere: RedisInstance;
let taskId: string;

beforeEach(async () => {
  const { url } = own.server;
  proxy = await startFaultProxy(url);
  here = instances.open({ url: proxy.url });
  elsewhere = instances.open({ url, keyPrefix: here.keyPrefix });
  taskId = createId();
});

afterEach(async () => {
  await instances.close();
  await proxy.close();
});

/** The index' keys, and how long each of them is kept. */
async function indexKeys(): Promise<[string, number][]> {
  const ttls = [...(await own.admin.ttls())];
  return ttls.filter(([key]) => key.startsWith(`${here.keyPrefix}:{open-`));
}

async function entries(): Promise<string[]> {
  const keys = (await indexKeys()).map(([key]) => key);
  const found = await Promise.all(keys.map((key) => own.admin.send('ZRANGE', key, '0', '-1')));
  return (found as string[][]).flat();
}

async function due(context: TaskStreamContext, limit = 10): Promise<readonly DueTask[]> {
  const options = { definitions: [undefined, definition], limit, leaseMs: 60_000 };
  return (await context.dueTasks?.(options)) ?? [];
}

/** The tasks that another instance is given, once there are any. */
async function untilDue(): Promise<readonly DueTask[]> {
  for (;;) {
    const found = await due(elsewhere.context);
    if (found.length > 0) return found;
    await sleep(10);
  }
}

/** Runs tasks to their ends, and gives how many calls about the index the second one has made. */
async function countCalls(options: OpenTaskOptions): Promise<number> {
  const run = async () => {
    const id = createId();
    const log = await here.context.open(id, { ...options, token: createId() });
    await log?.settle(closingOf(id), 'completed');
    await log?.release({ isSaved: true });
  };
  // The first one brings the scripts to Redis.
  await run();
  const calls = proxy.tally((words) => words.some((word) => word.includes(':{open-')));
  await run();
  return calls();
}

it('costs a task two calls, and one that nobody has to look after none (R-INDEX-1)', async () => {
  const { work, start } = openingOf(taskId);
  const plain = {
    ...{ definition, leaseMs: 60_000, token: taskId },
    frames: ['{"type":"start"}', '{"type":"data-task"}'],
  };
  expect(await countCalls(plain)).toBe(0);
  expect(await countCalls({ ...plain, savesOutcome: true })).toBe(2);
  expect(await countCalls({ ...plain, work, start })).toBe(2);
  expect(await countCalls({ ...plain, work, start, savesOutcome: true })).toBe(2);
  expect(await indexKeys()).toEqual([]);
});

it('goes with a task, and drops by itself what nobody has looked at for a month (R-INDEX-1)', async () => {
  const delayMs = 3 * dayMs;
  await here.context.open(taskId, openingOf(taskId, { waits: { delayMs } }));
  const [[key, ttl] = ['', 0]] = await indexKeys();
  expect(ttl).toBeGreaterThan(32 * dayMs);
  const forgotten = `${key.slice(0, key.indexOf(':{'))}`;
  expect(forgotten).toBe(here.keyPrefix);
  const old = ['old', 'older'].flatMap((entry) => [String(Date.now() - 31 * dayMs), entry]);
  await own.admin.send('ZADD', key, ...old);
  // An id of the same shard is found by trying.
  await until(async () => {
    await here.context.open(createId(), openingOf(taskId));
    return !(await entries()).includes('old');
  });
  expect(await entries()).not.toContain('older');
});

it('is given by any shard, and by one caller, also of tasks of many (R-INDEX-2)', async () => {
  const taskIds = Array.from({ length: 100 }, createId);
  const waits = { delayMs: 0 };
  await Promise.all(taskIds.map((id) => here.context.open(id, openingOf(id, { waits }))));
  expect((await indexKeys()).length).toBeGreaterThan(5);
  const found = (
    await Promise.all([here, elsewhere].map(({ context }) => due(context, 100)))
  ).flat();
  expect(found.map((task) => task.taskId).sort()).toEqual(taskIds.sort());
  expect(await due(here.context)).toEqual([]);
});

it('is written again when Redis has lost a task that runs, with its index (R-INDEX-1)', async () => {
  const log = await here.context.open(taskId, openingOf(taskId, { leaseMs: 200 }));
  await own.admin.send('FLUSHALL');
  log?.append('{"type":"text-start","id":"text"}');
  await until(async () => (await entries()).length === 1);
  await log?.settle(closingOf(taskId), 'completed');
  await log?.release();
  expect(await indexKeys()).toEqual([]);
});

it('is due at once when the task’s process is lost, and it waits for another one (R-INDEX-3)', async () => {
  await here.context.open(taskId, openingOf(taskId, { leaseMs: 400 }));
  // Nobody else can have it, until it is made due.
  await untilDue();
  proxy.refuse();
  proxy.cut();
  await until(async () => (await elsewhere.context.inspect(taskId))?.isWaiting === true);
  await untilDue();
});

it('keeps the entry of a task whose taskId somebody else has tried to open (R-INDEX-1)', async () => {
  expect(await here.context.open(taskId, openingOf(taskId, { leaseMs: 100 }))).toBeDefined();
  const tries = Array.from({ length: 20 }, (_, index) =>
    (index % 2 ? here : elsewhere).context.open(taskId, openingOf(taskId)),
  );
  expect((await Promise.all(tries)).every((log) => log === undefined)).toBe(true);
  await until(async () => (await entries()).length === 1);
  const found = await untilDue();
  const { createdAt } = (await here.context.inspect(taskId)) ?? {};
  expect(found).toMatchObject([{ taskId, definition, createdAt }]);
});
