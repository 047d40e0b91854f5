// What Redis has of a task that may be attempted again, and for how long.
import type { TaskLog } from 'ai-task-stream/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  checkpoint,
  closingOf,
  openingOf,
  openWork,
  startAt,
  take,
  tryTake,
} from '../helpers/attempted-task';
import { setUpOwnRedis } from '../helpers/own-redis';
import { createRedisInstances, type RedisInstance } from '../helpers/redis-contexts';
import { createId, readLog } from '../helpers/tasks';

const instances = createRedisInstances();
const own = setUpOwnRedis();
const retentionMs = 60_000;
const maxWaitMs = 30_000;
const dayMs = 24 * 60 * 60 * 1000;
let here: RedisInstance;
let elsewhere: RedisInstance;
let taskId: string;

beforeEach(() => {
  const { url } = own.server;
  here = instances.open({ url, retentionMs });
  elsewhere = instances.open({ url, keyPrefix: here.keyPrefix, retentionMs });
  taskId = createId();
});

afterEach(() => instances.close());

/** The rest of each key's time, by the key's kind. */
async function keptFor(): Promise<Record<string, number>> {
  const prefix = `${here.keyPrefix}:{${taskId}}:`;
  const ttls = [...(await own.admin.ttls())].filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(ttls.map(([key, ms]) => [key.slice(prefix.length), ms]));
}

async function record(): Promise<Record<string, string>> {
  const flat = (await own.admin.send('HGETALL', `${here.keyPrefix}:{${taskId}}:m`)) as string[];
  return Object.fromEntries(flat.flatMap((name, i) => (i % 2 ? [] : [[name, flat[i + 1] ?? '']])));
}

/** Expects that all keys of the task are kept so long, and gives their kinds. */
async function expectKeptFor(ms: number): Promise<string[]> {
  const kept = await keptFor();
  for (const [kind, left] of Object.entries(kept)) {
    expect([kind, left > ms - 20_000, left <= ms]).toEqual([kind, true, true]);
  }
  return Object.keys(kept).sort();
}

it('is kept while it waits for as long as it may, however long it was put off and however short other times are (R-ATTEMPT-11)', async () => {
  const delayMs = 3 * dayMs;
  const log = await openWork(here.context, taskId, { work: { maxWaitMs } });
  expect(await log.handOver?.({ delayMs })).toBe('waiting');
  expect(await expectKeptFor(delayMs + maxWaitMs + retentionMs)).toEqual(['a', 'f', 'm']);
  expect(await tryTake(elsewhere.context, taskId)).toBeUndefined();
  expect(await elsewhere.context.cancel(taskId)).toBe(true);
  expect(await expectKeptFor(retentionMs)).toEqual(['f', 'm']);

  taskId = createId();
  await openWork(here.context, taskId, { work: { maxWaitMs }, waits: { delayMs } });
  expect(await expectKeptFor(delayMs + maxWaitMs + retentionMs)).toEqual(['a', 'f', 'm']);

  taskId = createId();
  await openWork(here.context, taskId, { work: { maxWaitMs }, waits: { delayMs: 0 } });
  expect(await expectKeptFor(maxWaitMs + retentionMs)).toEqual(['a', 'f', 'm']);
  const { log: taken } = await take(elsewhere.context, taskId);
  const { l: lease, ...others } = await keptFor();
  expect(lease).toBeGreaterThan(0);
  for (const left of Object.values(others)) expect(left).toBeGreaterThan(dayMs - 20_000);
  await taken.settle(closingOf(taskId), 'completed');
  expect(await expectKeptFor(retentionMs)).toEqual(['f', 'm']);
});

it('is, once it has settled, as any other task, but for its attempts and its format (R-ATTEMPT-10)', async () => {
  const { work, start, ...options } = openingOf(taskId);
  const plain = await here.context.open(taskId, options);
  const plainKeys = Object.keys(await keptFor()).sort();
  await plain?.settle(closingOf(taskId), 'completed');
  const { fields, keys } = { fields: await record(), keys: Object.keys(await keptFor()) };
  expect(fields.format).toBe('1');
  expect(plainKeys).toEqual(['f', 'l', 'm']);

  taskId = createId();
  const log = await openWork(here.context, taskId);
  expect(Object.keys(await keptFor()).sort()).toEqual(['a', 'f', 'l', 'm']);
  expect(await checkpoint(log, taskId, 0)).toBe(true);
  await log.handOver?.();
  const { log: second } = await take(elsewhere.context, taskId);
  await second.settle(closingOf(taskId), 'completed');
  const settled = await record();
  expect(Object.keys(await keptFor()).sort()).toEqual(keys.sort());
  const added = Object.keys(settled).filter((name) => !(name in fields));
  const epoch = Number(settled.first);
  expect(added.sort()).toEqual(['attempt', `endOf${epoch}`, `rewind${epoch + 1}`]);
  expect(Object.keys(fields).filter((name) => !(name in settled))).toEqual([]);
  expect([settled.format, settled.attempt, settled[`rewind${epoch + 1}`]]).toEqual([
    ...['2', '2', `${epoch}-2`],
  ]);
});

it('is kept with input, context and checkpoint until then, of which looks at it bring none', async () => {
  const input = JSON.stringify('i'.repeat(1024 * 1024));
  const log = await openWork(here.context, taskId, { work: { input, context: '2' } });
  await checkpoint(log, taskId, 0);
  const kept = (await own.admin.send('HGETALL', `${here.keyPrefix}:{${taskId}}:a`)) as string[];
  expect(kept).toEqual(expect.arrayContaining([`=${input}`, '=2']));
  expect(kept.some((field) => field.includes(JSON.stringify(startAt(taskId, 0))))).toBe(true);
  expect(JSON.stringify(await record()).length).toBeLessThan(2_000);
  await log.handOver?.();
  const { work, start } = await take(elsewhere.context, taskId);
  expect([work.input, work.context, start]).toEqual([input, '2', startAt(taskId, 0)]);
});

it('fills its log in all attempts together, but for what is void', async () => {
  const maxLogBytes = 4_000;
  const { url } = own.server;
  const [one, two] = [1, 2].map(() =>
    instances.open({ url, keyPrefix: here.keyPrefix, maxLogBytes }),
  );
  const fill = (log: TaskLog) =>
    log.append(JSON.stringify({ type: 'data-n', data: 'x'.repeat(900) }));
  const first = await openWork(one!.context, taskId);
  fill(first);
  fill(first);
  expect(await checkpoint(first, taskId, 0)).toBe(true);
  fill(first);
  await first.handOver?.();
  const { log } = await take(two!.context, taskId);
  for (let n = 0; n < 4; n++) fill(log);
  // What is not in the log is missing before it.
  expect(await checkpoint(log, taskId, 1)).toBe(false);
  await log.settle(closingOf(taskId), 'completed');
  const types = (await readLog(elsewhere.context, taskId)).map((json) => JSON.parse(json).type);
  expect(types).toEqual([
    ...['start', 'data-task', 'data-n', 'data-n', 'data-task-checkpoint'],
    ...['data-task-rewind', 'data-task', 'data-n', 'data-task-error'],
    ...['data-task-settle', 'finish'],
  ]);
});

it('is not taken without its input, which somebody has removed', async () => {
  const log = await openWork(here.context, taskId);
  await own.admin.send('DEL', `${here.keyPrefix}:{${taskId}}:a`);
  expect(await checkpoint(log, taskId, 0)).toBe(true);
  expect(Object.values(await keptFor()).every((ms) => ms > 0)).toBe(true);
  expect(await log.handOver?.()).toBe('waiting');
  expect(await tryTake(elsewhere.context, taskId)).toBeUndefined();
  expect(await elsewhere.context.inspect(taskId)).toMatchObject({ isWaiting: true });
  expect(await elsewhere.context.cancel(taskId)).toBe(true);
});
