// Who takes a task that waits, when many ask, and when answers get lost.
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import commitScript from '../../src/server/redis/scripts/commit.lua';
import openScript from '../../src/server/redis/scripts/open.lua';
import takeScript from '../../src/server/redis/scripts/take.lua';
import { aborted, until } from '../helpers/async';
import {
  checkpoint,
  checkpointFrame,
  closingOf,
  openWork,
  startAt,
  take,
  tryTake,
} from '../helpers/attempted-task';
import { createRedisInstances } from '../helpers/redis-contexts';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import type { RedisCommand } from '../helpers/redis-replies';
import { sharedRedisUrl } from '../helpers/redis-server';
import { type Instance, spawnInstance } from '../helpers/spawn-instance';
import { createId, readLog } from '../helpers/tasks';

const url = sharedRedisUrl();
const instances = createRedisInstances();
let processes: Instance[];
let proxies: FaultProxy[] = [];

beforeAll(async () => {
  processes = await Promise.all([1, 2, 3, 4].map(() => spawnInstance()));
});

afterEach(async () => {
  await instances.close();
  await Promise.all(proxies.map((proxy) => proxy.close()));
  proxies = [];
});

afterAll(() => Promise.all(processes.map((instance) => instance.kill())));

/** An instance behind a wire of its own, and another one. */
async function openTwo() {
  const proxy = await startFaultProxy(url);
  proxies.push(proxy);
  const here = instances.open({ url: proxy.url });
  const elsewhere = instances.open({ url, keyPrefix: here.keyPrefix });
  // So that the scripts are known, and no call is made twice for want of it.
  const warmUp = createId();
  const log = await openWork(here.context, warmUp);
  await checkpoint(log, warmUp, 0);
  await log.handOver?.();
  const taken = await take(here.context, warmUp);
  await taken.log.settle(closingOf(warmUp), 'completed');
  return { proxy, here: here.context, elsewhere: elsewhere.context };
}

const hashOf = (script: string) => createHash('sha1').update(script).digest('hex');
const calls = (script: string) => {
  const hash = hashOf(script);
  return (command: RedisCommand, word = '') => {
    const isCall = command[0] === 'EVALSHA' && command[1] === hash;
    return isCall && (word === '' || command.includes(word));
  };
};
const isOpen = calls(openScript);
const isCommit = calls(commitScript);
const isTake = calls(takeScript);

// R-ATTEMPT-7
it('is one of two hundred who ask at once in four processes', async () => {
  const { context, keyPrefix } = instances.open({ url });
  const taskId = createId();
  const log = await openWork(context, taskId);
  await log.handOver?.();
  const remotes = await Promise.all(processes.map((one) => one.connect({ url, keyPrefix })));
  const winners = await Promise.all(remotes.map((remote) => remote.take(taskId, 50)));
  expect(winners.flat()).toHaveLength(1);
  expect(await context.inspect(taskId)).toMatchObject({ status: 'running', attempt: 2 });
  const winner = remotes[winners.findIndex((won) => won.length > 0)];
  expect(await winner?.settle(taskId, 1)).toBe(true);
  const types = (await readLog(context, taskId)).map((json) => JSON.parse(json).type);
  expect(types.slice(0, 3)).toEqual(['start', 'data-task-rewind', 'data-task']);
  await Promise.all(remotes.map((remote) => remote.close()));
});

// R-ATTEMPT-7, R-STORE-1
it('has taken the task, once, though the answer was lost', async () => {
  const { proxy, here, elsewhere } = await openTwo();
  const taskId = createId();
  const log = await openWork(elsewhere, taskId);
  await log.handOver?.();
  const lost = proxy.swallow((command) => isTake(command));
  const taken = await take(here, taskId);
  await lost;
  expect(taken.log.attempt).toBe(2);
  expect(await tryTake(elsewhere, taskId)).toBeUndefined();
  taken.log.append('{"type":"data-n","data":1}');
  expect(await taken.log.settle(closingOf(taskId), 'completed')).toBe(true);
  const types = (await readLog(elsewhere, taskId)).map((json) => JSON.parse(json).type);
  expect(types).toEqual([
    ...['start', 'data-task-rewind', 'data-task', 'data-n', 'data-task-settle', 'finish'],
  ]);
});

// R-ATTEMPT-5, R-STORE-1
it('goes on from a checkpoint whose answer was lost', async () => {
  const { proxy, here, elsewhere } = await openTwo();
  const taskId = createId();
  const log = await openWork(here, taskId);
  expect(await checkpoint(log, taskId, 0)).toBe(true);
  const lost = proxy.swallow((command) => isCommit(command, 'checkpoint'));
  expect(await checkpoint(log, taskId, 1)).toBe(true);
  await lost;
  log.append('{"type":"data-n","data":"void"}');
  await log.handOver?.();
  const taken = await take(elsewhere, taskId);
  expect(taken.start).toEqual(startAt(taskId, 1));
  expect(taken.last.n).toBe(3);
});

// R-ATTEMPT-8, R-STORE-1
it('is another one after a hand-over whose answer was lost, which is told as one', async () => {
  const { proxy, here, elsewhere } = await openTwo();
  const taskId = createId();
  const log = await openWork(here, taskId);
  log.append('{"type":"data-n","data":1}');
  let isTaken: Promise<unknown> | undefined;
  const lost = proxy.swallow((command) => isCommit(command, 'handOver'));
  // Taken before the repeated call comes.
  void lost.then(() => {
    isTaken = take(elsewhere, taskId);
  });
  expect(await log.handOver?.()).toBe('waiting');
  await until(async () => isTaken !== undefined);
  await isTaken;
  expect(log.signal.aborted).toBe(false);
  expect(await elsewhere.inspect(taskId)).toMatchObject({ status: 'running', attempt: 2 });
});

// R-STORE-1
it('is anybody after an opening whose answer was lost, though it was taken meanwhile', async () => {
  const { proxy, here, elsewhere } = await openTwo();
  const taskId = createId();
  let isTaken: Promise<unknown> | undefined;
  const lost = proxy.swallow((command) => isOpen(command));
  void lost.then(() => {
    isTaken = take(elsewhere, taskId);
  });
  const log = await openWork(here, taskId, { waits: { delayMs: 0 } });
  expect(log.attempt).toBe(0);
  await until(async () => isTaken !== undefined);
  await isTaken;
  expect(await here.inspect(taskId)).toMatchObject({ status: 'running', attempt: 1 });
});

// R-ATTEMPT-8, R-FENCE-1
it('fences what a stalled runner had under way: frames, a checkpoint, and its end', async () => {
  const { proxy, here, elsewhere } = await openTwo();
  const taskId = createId();
  const log = await openWork(here, taskId, { leaseMs: 300, graceMs: 60_000 });
  const reader = await elsewhere.read(taskId);
  // Its calls are on their way until another one has taken the task.
  proxy.delay(Number.POSITIVE_INFINITY);
  log.append('{"type":"data-n","data":"late"}');
  const checkpointed = log.checkpoint?.(checkpointFrame(taskId, 0), startAt(taskId, 0));
  await until(async () => reader?.isWaiting === true);
  const taken = await take(elsewhere, taskId);
  const settled = log.settle(closingOf(taskId), 'completed');
  proxy.delay(0);
  await aborted(log.signal);
  expect(log.signal.reason).toMatchObject({ name: 'AbortError', cause: { code: 'lost' } });
  expect(await settled).toBe(false);
  expect(await checkpointed).toBe(false);
  expect(await log.handOver?.()).toBe('closed');
  await taken.log.handOver?.();
  expect((await take(elsewhere, taskId)).start).toEqual(startAt(taskId, -1));
  reader?.close();
});

// R-ATTEMPT-8, R-STORE-1
it('is nobody once the runner had to give the hand-over up, and has settled the task instead', async () => {
  const { proxy, here, elsewhere } = await openTwo();
  const taskId = createId();
  const log = await openWork(here, taskId, { graceMs: 200 });
  const stuck = proxy.hold((command) => isCommit(command, 'handOver'));
  const handedOver = log.handOver?.();
  await stuck.answered;
  expect(await elsewhere.inspect(taskId)).toMatchObject({ isWaiting: true });
  expect(await handedOver).toBe('refused');
  stuck.release();
  await until(async () => (await elsewhere.inspect(taskId))?.status === 'running');
  log.append('{"type":"data-n","data":1}');
  expect(await log.settle(closingOf(taskId), 'failed')).toBe(true);
  await until(async () => (await elsewhere.inspect(taskId))?.status === 'failed');
  expect(await readLog(elsewhere, taskId)).toContain('{"type":"data-n","data":1}');
  expect(log.signal.aborted).toBe(false);
});
