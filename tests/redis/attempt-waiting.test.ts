// Tasks that wait, or could: what they cost, and how they end where nobody goes on with them.
import type { TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { checkpoint, closingOf, openWork, take } from '../helpers/attempted-task';
import { setUpOwnRedis } from '../helpers/own-redis';
import { createRedisInstances, type RedisInstance } from '../helpers/redis-contexts';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { createId, readLog } from '../helpers/tasks';

const instances = createRedisInstances();
const own = setUpOwnRedis();
const leaseMs = 300;
let proxy: FaultProxy;
/** Behind the proxy. */
let here: RedisInstance;
let elsewhere: TaskStreamContext;
let taskId: string;

beforeEach(async () => {
  proxy = await startFaultProxy(own.server.url);
  here = instances.open({ url: proxy.url });
  elsewhere = instances.open({ url: own.server.url, keyPrefix: here.keyPrefix }).context;
  taskId = createId();
});

afterEach(async () => {
  await instances.close();
  await proxy.close();
});

const textStart = '{"type":"text-start","id":"t"}';
const endOf = async (count: number) =>
  (await readLog(elsewhere, taskId)).slice(-count).map((json) => JSON.parse(json));

it('a checkpoint needs no call beside the commit of its frame', async () => {
  const log = await openWork(here.context, taskId);
  const calls = proxy.tally(() => true);
  for (let index = 0; index < 20; index++) {
    log.append(`{"type":"data-n","data":${index}}`);
    expect(await checkpoint(log, taskId, index)).toBe(true);
  }
  // Only the first commit may need another call, which tells Redis the script.
  expect(calls()).toBeLessThanOrEqual(21);
});

// R-ATTEMPT-12
it('ends as timed out if its runner is lost, and the deadline is over by then', async () => {
  const work = { deadlineMs: 1 };
  const log = await openWork(here.context, taskId, { leaseMs, work });
  log.append(textStart);
  await log.flushed();
  proxy.delay(Number.POSITIVE_INFINITY);
  await until(async () => (await elsewhere.inspect(taskId))?.status === 'failed');
  expect(await endOf(5)).toMatchObject([
    { type: 'text-end', id: 't' },
    { type: 'data-task', data: { status: 'failed' } },
    {
      type: 'data-task-error',
      data: { code: 'timeout', message: expect.stringContaining('1 ms') },
    },
    { type: 'data-task-settle', data: { status: 'failed', error: { code: 'timeout' } } },
    { type: 'error' },
  ]);
  proxy.delay(0);
});

// R-ATTEMPT-2, R-ATTEMPT-12
it('closes nothing that is void when it ends, and all that the last attempt has left open', async () => {
  const first = await openWork(here.context, taskId);
  first.append('{"type":"text-start","id":"void"}');
  await first.handOver?.();
  const { log } = await take(elsewhere, taskId);
  await checkpoint(log, taskId, 0);
  log.append(textStart);
  await log.handOver?.({ delayMs: 600_000 });
  expect(await here.context.cancel(taskId, { reason: 'Enough.' })).toBe(true);
  const frames = (await readLog(elsewhere, taskId)).map((json) => JSON.parse(json));
  expect(frames).toMatchObject([
    { type: 'start' },
    { type: 'data-task-rewind' },
    { type: 'data-task', data: { attempt: 2 } },
    { type: 'data-task-checkpoint' },
    { type: 'text-start', id: 't' },
    { type: 'text-end', id: 't' },
    { type: 'data-task', data: { status: 'cancelled', attempt: 2 } },
    { type: 'data-task-settle', data: { status: 'cancelled', error: { message: 'Enough.' } } },
    { type: 'abort', reason: 'Enough.' },
  ]);
});

// R-ATTEMPT-11, R-CONTEXT-6
it('is the task of its chat for as long as it waits, and after that no more', async () => {
  const dayMs = 24 * 60 * 60 * 1000;
  const chatId = 'chat';
  const waits = { delayMs: 30 * dayMs };
  await openWork(here.context, taskId, { chatId, waits });
  expect(await elsewhere.activeTask(chatId)).toBe(taskId);
  const chats = [...(await own.admin.ttls())].filter(([key]) => key.includes(':chat:'));
  for (const [, ms] of chats) expect(ms).toBeGreaterThan(30 * dayMs);
  expect(chats).toHaveLength(1);
  // Another task of the chat does not shorten that.
  const other = await elsewhere.open(createId(), {
    ...{ chatId, leaseMs, token: createId(), frames: ['{"type":"start"}'], concurrent: true },
  });
  await other?.settle([], 'completed');
  await other?.release();
  expect(await own.admin.send('PTTL', chats[0]![0])).toBeGreaterThan(30 * dayMs);
  expect(await elsewhere.activeTask(chatId)).toBe(taskId);
  expect(await elsewhere.cancel(taskId)).toBe(true);
  // Nobody has to be told of the outcome.
  expect(await elsewhere.activeTask(chatId)).toBeUndefined();
});

// R-ATTEMPT-8
it('is not ended by a runner that hears of its next attempt in the same process', async () => {
  const log = await openWork(here.context, taskId, { leaseMs });
  const reader = await here.context.read(taskId);
  proxy.delay(Number.POSITIVE_INFINITY);
  await until(async () => (await elsewhere.inspect(taskId))?.isWaiting === true);
  proxy.delay(0);
  const { log: second } = await take(here.context, taskId);
  await until(() => log.signal.aborted);
  expect(log.signal.reason).toMatchObject({ cause: { code: 'lost' } });
  await second.settle(closingOf(taskId), 'completed');
  // Like every reader it goes on with the next attempt, or is cut if it was given what is void now.
  const types: string[] = [];
  for await (const { data, start, end, offset } of reader ?? []) {
    for (const json of data.slice(start - offset, end - offset)) types.push(JSON.parse(json).type);
  }
  const isCut = reader?.isCut === true;
  expect(types).toEqual(
    isCut
      ? ['start', 'data-task']
      : ['start', 'data-task-rewind', 'data-task', 'data-task-settle', 'finish'],
  );
  reader?.close();
});
