import { randomUUID } from 'node:crypto';
import type { TaskLog } from 'ai-task-stream/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { turns, until } from '../helpers/async';
import { numberedChunk, numberedChunks } from '../helpers/numbered-log';
import { setUpOwnRedis } from '../helpers/own-redis';
import { createRedisInstances, type RedisInstance } from '../helpers/redis-contexts';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import type { RedisCommand } from '../helpers/redis-replies';
import { readLog } from '../helpers/tasks';

const own = setUpOwnRedis();
let proxy: FaultProxy;
let instance: RedisInstance;
let taskId: string;
/** Their answers come behind those that are kept back. */
const questions: Promise<unknown>[] = [];
const instances = createRedisInstances();

beforeEach(async () => {
  taskId = randomUUID();
  proxy = await startFaultProxy(own.server.url);
  instance = await instances.openListening({ url: proxy.url });
});

afterEach(async () => {
  await Promise.all(questions.splice(0));
  await instances.close();
  await proxy.close();
});

const stored = (n: number) => (command: RedisCommand) => command.at(-1) === numberedChunk(n);
const settles = (command: RedisCommand) => command.includes('completed');

/** Opens a log whose scripts Redis knows. */
async function open(): Promise<TaskLog> {
  const log = await instance.context.open(taskId, {
    leaseMs: 10_000,
    token: randomUUID(),
    frames: [numberedChunk(0)],
  });
  if (!log) throw new Error('The task exists already.');
  log.append(numberedChunk(1));
  await log.flushed();
  return log;
}

/** A key of the task. */
const key = (kind: 'm' | 'f' | 'l') => `${instance.keyPrefix}:{${taskId}}:${kind}`;

const readRecord = (field: string) => own.admin.send('HGET', key('m'), field);

/** How often the log was begun anew. */
const epochsSinceFirst = async () =>
  Number(await readRecord('epoch')) - Number(await readRecord('first'));

/** Resolves once Redis was asked something else: what was to be sent before is sent. */
async function askSomethingElse(): Promise<void> {
  await turns();
  const otherId = randomUUID();
  const countAsked = proxy.tally((command) => command.some((word) => word.includes(otherId)));
  questions.push(instance.context.inspect(otherId));
  await until(() => countAsked() === 1);
}

/** Appends a chunk, and settles while the answer to the chunk's commit is kept back. */
async function settleBehind(log: TaskLog) {
  const commit = proxy.hold(stored(2));
  log.append(numberedChunk(2));
  await commit.answered;
  const countSettles = proxy.tally(settles);
  const settled = log.settle([numberedChunk(3)], 'completed');
  await until(() => countSettles() === 1);
  return { commit, settled, countSettles };
}

it('sends the end of a task right behind a commit that is not answered yet', async () => {
  const log = await open();
  const { commit, settled, countSettles } = await settleBehind(log);
  await until(async () => (await readRecord('status')) === 'completed');
  commit.release();
  expect(await settled).toBe(true);
  expect(countSettles()).toBe(1);
  expect(await readLog(instance.context, taskId)).toEqual(numberedChunks(0, 4));
  expect(await own.admin.entries(key('f'))).toHaveLength(4);
});

it('sends both again when neither is answered, and stores nothing twice', async () => {
  const log = await open();
  const { settled } = await settleBehind(log);
  await until(async () => (await readRecord('status')) === 'completed');
  proxy.cut();
  expect(await settled).toBe(true);
  expect(await own.admin.entries(key('f'))).toHaveLength(4);
  expect(await epochsSinceFirst()).toBe(0);
});

it('begins a log anew but once when both find it gone', async () => {
  const log = await open();
  await own.admin.send('DEL', key('m'), key('f'), key('l'));
  const { commit, settled } = await settleBehind(log);
  expect(await readRecord('status')).toBe(null);
  commit.release();
  expect(await settled).toBe(true);
  expect(await epochsSinceFirst()).toBe(1);
  expect(await readRecord('status')).toBe('completed');
  const frames = await readLog(instance.context, taskId);
  expect(frames.slice(-2)).toEqual(numberedChunks(2, 4));
  expect(frames.filter((frame) => frame.includes('storage-lost'))).toHaveLength(1);
});

it('sends both once more when Redis refused the first, without a gap', async () => {
  const log = await open();
  await own.admin.send('CONFIG', 'SET', 'maxmemory', '1');
  const { commit, settled } = await settleBehind(log);
  commit.release();
  await until(() => instance.errors.length === 1);
  await own.admin.send('CONFIG', 'SET', 'maxmemory', '0');
  expect(await settled).toBe(true);
  expect(instance.errors[0]?.message).toMatch(/OOM/);
  expect(await readLog(instance.context, taskId)).toEqual(numberedChunks(0, 4));
  expect(await epochsSinceFirst()).toBe(0);
});

it('waits for the answer when nothing is left that could join what it is not known to have', async () => {
  const log = await open();
  const commit = proxy.hold(stored(2));
  log.append(numberedChunk(2));
  await commit.answered;
  const countSettles = proxy.tally(settles);
  const settled = log.settle([], 'completed');
  await askSomethingElse();
  expect(countSettles()).toBe(0);
  commit.release();
  expect(await settled).toBe(true);
  expect(countSettles()).toBe(1);
  expect(await readLog(instance.context, taskId)).toEqual(numberedChunks(0, 3));
});

it('waits for a log that is being begun anew', async () => {
  const log = await open();
  await own.admin.send('DEL', key('m'), key('f'), key('l'));
  const opening = proxy.hold((command) => command.some((word) => word.includes('storage-lost')));
  log.append(numberedChunk(2));
  await opening.answered;
  const countSettles = proxy.tally(settles);
  const settled = log.settle([numberedChunk(3)], 'completed');
  await askSomethingElse();
  expect(countSettles()).toBe(0);
  opening.release();
  expect(await settled).toBe(true);
  expect((await readLog(instance.context, taskId)).slice(-2)).toEqual(numberedChunks(2, 4));
});
