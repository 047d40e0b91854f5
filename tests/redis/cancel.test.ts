import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl } from '../helpers/redis-server';
import { type Instance, type RemoteContext, spawnInstance } from '../helpers/spawn-instance';

const url = sharedRedisUrl();
const keyPrefix = `cancel-${randomUUID()}`;
const heartbeatMs = 400;

let instances: Instance[];
/** Runs the tasks, behind the proxy. */
let running: RemoteContext;
/** Asks them to stop. */
let elsewhere: RemoteContext;
let proxy: FaultProxy;
let taskId: string;

beforeAll(async () => {
  instances = await Promise.all([spawnInstance(), spawnInstance()]);
});

afterAll(async () => {
  await Promise.all(instances.map((instance) => instance.kill()));
});

beforeEach(async () => {
  proxy = await startFaultProxy(url);
  running = await instances[0]!.connect({ url: proxy.url, keyPrefix });
  elsewhere = await instances[1]!.connect({ url, keyPrefix });
  taskId = randomUUID();
});

afterEach(async () => {
  await Promise.all([running.close(), elsewhere.close()]);
  await until(() => proxy.connectionCount === 0);
  await proxy.close();
});

/** The settle part of a response. */
function settlement(text: string): unknown {
  const line = text.split('\n').find((other) => other.includes('"type":"data-task-settle"'));
  return line && JSON.parse(line.slice('data: '.length)).data;
}

it('stops a task in another process, and readers everywhere get the reason', async () => {
  const response = running.runUntilStopped({ taskId, owner: 'me', heartbeatMs });
  await until(async () => (await elsewhere.inspect(taskId)) !== undefined);
  const follower = elsewhere.resume({ taskId, owner: 'me' });
  expect(await elsewhere.cancelTask({ taskId, owner: 'me', reason: 'Größe 7 passt.' })).toBe(true);
  const expected = {
    taskId,
    status: 'cancelled',
    error: { code: 'cancelled', message: 'Größe 7 passt.' },
  };
  expect(settlement(await response)).toMatchObject(expected);
  expect(settlement((await follower).text)).toMatchObject(expected);
  expect(settlement((await elsewhere.resume({ taskId, owner: 'me' })).text)).toMatchObject(
    expected,
  );
});

it('does so at once, however seldom the task renews its lease', async () => {
  await running.open(taskId, { leaseMs: 3_600_000 });
  await running.write(taskId, { start: 1, end: 2 });
  // Whoever has just subscribed looks by itself.
  await until(() => proxy.count('SUBSCRIBE') > 0);
  await running.write(taskId, { start: 2, end: 3 });
  const stopped = running.stopped(taskId);
  expect(await elsewhere.cancelTask({ taskId, reason: 'heard' })).toBe(true);
  expect(await stopped).toMatchObject({ code: 'cancelled', message: 'heard' });
  await running.settle(taskId, 3);
});

it('does so within a heartbeat when the wake-up is lost', async () => {
  proxy.treatMessages('drop');
  await running.open(taskId, { leaseMs: 2 * heartbeatMs });
  await until(() => proxy.count('SUBSCRIBE') > 0);
  const stopped = running.stopped(taskId);
  expect(await elsewhere.cancelTask({ taskId, reason: 'lost' })).toBe(true);
  // It writes nothing, so its only calls renew the lease, once in a heartbeat.
  const renewals = proxy.tally(() => true);
  expect(await stopped).toEqual({ name: 'AbortError', code: 'cancelled', message: 'lost' });
  // The next one tells it; one more may have gone before its process could say so.
  expect(renewals()).toBeLessThanOrEqual(2);
  await running.settle(taskId, 1);
});

it('does so at the next commit when the wake-up is lost', async () => {
  proxy.treatMessages('drop');
  await running.open(taskId, { leaseMs: 3_600_000 });
  await elsewhere.cancelTask({ taskId });
  await running.write(taskId, { start: 1, end: 2 });
  expect(await running.isStopped(taskId)).toBe(true);
  await running.settle(taskId, 2);
});

it('does so before the producer has subscribed', async () => {
  const subscribing = proxy.hold(([name]) => name === 'SUBSCRIBE');
  // It renews its lease so seldom that only the subscription can tell.
  await running.open(taskId, { leaseMs: 3_600_000 });
  await subscribing.answered;
  const stopped = running.stopped(taskId);
  expect(await elsewhere.cancelTask({ taskId, reason: 'early' })).toBe(true);
  subscribing.release();
  expect(await stopped).toMatchObject({ code: 'cancelled', message: 'early' });
  await running.settle(taskId, 1);
});

it('does so although the subscription was cut when it was asked', async () => {
  await running.open(taskId, { leaseMs: 3_600_000 });
  await until(() => proxy.count('SUBSCRIBE') > 0);
  const stopped = running.stopped(taskId);
  proxy.refuse();
  proxy.cut();
  expect(await elsewhere.cancelTask({ taskId, reason: 'unheard' })).toBe(true);
  await proxy.accept();
  expect(await stopped).toMatchObject({ code: 'cancelled', message: 'unheard' });
  await running.settle(taskId, 1);
});

it('is kept for a task that is not open yet, bound to its owner', async () => {
  const other = randomUUID();
  expect(await elsewhere.cancelTask({ taskId, owner: 'me', reason: 'before' })).toBe(true);
  expect(await elsewhere.cancelTask({ taskId: other, owner: 'you' })).toBe(true);
  const response = await running.runUntilStopped({ taskId, owner: 'me', heartbeatMs });
  expect(settlement(response)).toMatchObject({
    status: 'cancelled',
    error: { code: 'cancelled', message: 'before' },
  });
  await running.open(other, { owner: 'me' });
  await running.write(other, { start: 1, end: 2 });
  expect(await running.isStopped(other)).toBe(false);
  await running.settle(other, 2);
});

it('stops the active task of a chat', async () => {
  const chatId = randomUUID();
  expect(await elsewhere.cancelTask({ chatId, owner: 'me' })).toBe(false);
  const response = running.runUntilStopped({ taskId, chatId, owner: 'me', heartbeatMs });
  await until(async () => (await elsewhere.activeTask(chatId, 'me')) === taskId);
  expect(await elsewhere.cancelTask({ chatId, owner: 'you' })).toBe(false);
  expect(await elsewhere.cancelTask({ chatId, owner: 'me', reason: 'by chat' })).toBe(true);
  expect(settlement(await response)).toMatchObject({ error: { message: 'by chat' } });
  await until(async () => (await elsewhere.activeTask(chatId, 'me')) === undefined);
  expect(await elsewhere.cancelTask({ chatId, owner: 'me' })).toBe(false);
});

it('is refused for tasks that have settled and for those of others', async () => {
  await running.open(taskId, { owner: 'me' });
  for (const owner of [undefined, '', 'you', '=me']) {
    expect(await elsewhere.cancelTask({ taskId, owner })).toBe(false);
  }
  await running.write(taskId, { start: 1, end: 2 });
  expect(await running.isStopped(taskId)).toBe(false);
  await running.settle(taskId, 2);
  expect(await elsewhere.cancelTask({ taskId, owner: 'me' })).toBe(false);
});
