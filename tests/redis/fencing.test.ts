import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { streamTask, type TaskStreamContext } from 'ai-task-stream/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDeferred, until } from '../helpers/async';
import { expectLostEnd, lostError, storedFramesIn } from '../helpers/lost-task';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { type RedisServer, sharedRedisUrl, startRedis } from '../helpers/redis-server';
import { typesIn } from '../helpers/sse';
import { type Ended, spawnTaskServer, type TaskServer } from '../helpers/task-server';
import { createId, follow, readLog } from '../helpers/tasks';

const url = sharedRedisUrl();
const keyPrefix = `fencing-${randomUUID()}`;

describe('a process that gives no sign for a while', () => {
  let context: TaskStreamContext;
  /** Follows tasks from another process than their producer's. */
  let reader: TaskServer;
  let proxy: FaultProxy;
  /** Behind the proxy. */
  let producer: TaskServer;

  beforeAll(async () => {
    reader = await spawnTaskServer({ url, keyPrefix });
  });

  afterAll(() => reader.kill());

  beforeEach(async () => {
    context = createRedisStreamContext({ url, keyPrefix });
    proxy = await startFaultProxy(url);
    producer = await spawnTaskServer({ url: proxy.url, keyPrefix });
  });

  afterEach(async () => {
    await Promise.all([proxy.close(), context.close()]);
    await producer.kill();
  });

  /** The number of the last frame that is stored. */
  async function storedEnd(taskId: string): Promise<number> {
    return Number((await context.inspect(taskId))?.cursor.split('-')[1]);
  }

  // R-FENCE-1
  it('stops a producer that was closed while it was paused, and keeps the log as it was', async () => {
    const heartbeatMs = 500;
    const taskId = createId();
    const graceMs = 200;
    const started = producer.start({ taskId, heartbeatMs, graceMs, work: 'keep-open' });
    expect(await started.when('started')).toBe(200);
    started.tell('go');
    await until(async () => (await storedEnd(taskId)) > 20);
    const first = Number((await context.inspect(taskId))?.cursor.split('-')[0]);
    const following = reader.follow({ taskId, heartbeatMs });
    await producer.pause();
    const { text: elsewhere } = await following.when<Ended>('ended');
    const closing = expectLostEnd(elsewhere, taskId);
    const log = await readLog(context, taskId);
    producer.resume();

    expect(await started.when('aborted')).toEqual({
      name: 'AbortError',
      isDOMException: true,
      code: 'lost',
    });
    const { text: here } = await started.when<Ended>('ended');
    expect(expectLostEnd(here, taskId)).toEqual(closing);
    // It may have had frames that were never stored, but all that were, and none twice.
    const data = storedFramesIn(here).map((frame) => frame.data);
    const count = log.length - closing.length;
    expect(data.slice(0, count)).toEqual(log.slice(0, count));
    const numbers = storedFramesIn(here).map(({ id = '' }) => Number(id.split('-')[1]));
    expect(numbers).toEqual([...Array(data.length - closing.length).keys(), ...closing.keys()]);
    expect(await started.when('result')).toEqual({ error: lostError });
    await started.when('released');
    expect(started.has('settled')).toBe(false);
    expect(await readLog(context, taskId)).toEqual(log);
    expect(await context.inspect(taskId)).toMatchObject({
      status: 'failed',
      cursor: `${first + 1}-${closing.length - 1}`,
    });
    // The process goes on: its other tasks are its own.
    const other = producer.start({ taskId: createId(), heartbeatMs, work: 'obey' });
    other.tell('finish');
    expect(await other.when('result')).toEqual({ result: 'done' });
  });

  it('tells nobody of an outcome that came too late, however long the pause was', async () => {
    const heartbeatMs = 1_000;
    const taskId = createId();
    const graceMs = 2_500;
    const started = producer.start({ taskId, heartbeatMs, graceMs, work: 'obey' });
    expect(await started.when('started')).toBe(200);
    const following = reader.follow({ taskId, heartbeatMs });
    await following.when('reading');
    // Its last words get stuck on their way.
    const isSettling = (command: readonly string[]) => command.includes('completed');
    const stuck = createDeferred();
    proxy.tally((command) => {
      if (!isSettling(command)) return false;
      proxy.delay(Number.POSITIVE_INFINITY);
      stuck.resolve();
      return true;
    });
    const settling = proxy.hold(isSettling);
    started.tell('finish');
    await stuck.promise;
    await producer.pause();
    const { text } = await following.when<Ended>('ended');
    const closing = expectLostEnd(text, taskId);
    // They arrive, and when it wakes up the answer is there.
    proxy.delay(0);
    await settling.answered;
    settling.release();
    producer.resume();

    expect(await started.when('result')).toEqual({ error: lostError });
    await started.when('released');
    expect(started.has('settled')).toBe(false);
    expect(expectLostEnd((await started.when<Ended>('ended')).text, taskId)).toEqual(closing);
  });

  it('does not close a producer whose event loop is blocked for less than its lease', async () => {
    const heartbeatMs = 1_000;
    const taskId = createId();
    const started = producer.start({ taskId, heartbeatMs, work: 'obey' });
    expect(await started.when('started')).toBe(200);
    const following = reader.follow({ taskId, heartbeatMs });
    await following.when('reading');
    await producer.block(1.5 * heartbeatMs);
    started.tell({ lines: 1 });
    await started.when('wrote 1');
    await producer.block(1.5 * heartbeatMs);
    started.tell('finish');
    expect(await started.when('result')).toEqual({ result: 'done' });
    const { text } = await following.when<Ended>('ended');
    expect(typesIn(text)).toEqual([
      'start',
      'data-task',
      'text-start',
      'data-task-log',
      'text-end',
      'data-task',
      'data-task-settle',
      'finish',
    ]);
  });
});

it('does not close a producer when Redis itself was away for longer than the lease', async () => {
  const heartbeatMs = 300;
  const tryWith = async (takeAway: (redis: RedisServer) => Promise<() => Promise<void> | void>) => {
    const redis = await startRedis({ persistent: true });
    const connect = () =>
      createRedisStreamContext({ url: redis.url, commandTimeoutMs: 1_000, onError: () => {} });
    const elsewhere = connect();
    const contexts = Array.from({ length: 8 }, connect);
    const finish = createDeferred();
    const running = await Promise.all(
      contexts.map(async (streamContext) => {
        const task = streamTask({ streamContext, heartbeatMs, execute: () => finish.promise });
        const response = await task.toResponse();
        const following = await follow(elsewhere, task.taskId);
        return { task, texts: [response.text(), following.text()] };
      }),
    );
    const giveBack = await takeAway(redis);
    await sleep(4 * heartbeatMs);
    await giveBack();
    // By then whoever looked would have closed what gave no sign.
    await sleep(5 * heartbeatMs + 1_000);
    finish.resolve();
    for (const { task, texts } of running) {
      await task.result;
      for (const text of await Promise.all(texts)) {
        expect(typesIn(text)).toEqual([
          'start',
          'data-task',
          'data-task',
          'data-task-settle',
          'finish',
        ]);
      }
    }
    await Promise.all([elsewhere, ...contexts].map((each) => each.close()));
    await redis.stop();
  };
  await Promise.all([
    tryWith(async (redis) => {
      await redis.pause();
      return () => redis.resume();
    }),
    tryWith(async (redis) => {
      await redis.kill();
      return () => redis.restart();
    }),
  ]);
});

it('leaves a producer time to find a Redis that is back later than its readers do', async () => {
  const heartbeatMs = 300;
  const [slow, quick] = await Promise.all([startFaultProxy(url), startFaultProxy(url)]);
  const connect = (proxy: FaultProxy) =>
    createRedisStreamContext({ url: proxy.url, keyPrefix, onError: () => {} });
  const [streamContext, elsewhere] = [connect(slow), connect(quick)];
  const finish = createDeferred();
  const task = streamTask({ streamContext, heartbeatMs, execute: () => finish.promise });
  await task.toResponse().then((response) => response.body?.cancel());
  const text = (await follow(elsewhere, task.taskId)).text();
  slow.delay(Number.POSITIVE_INFINITY);
  quick.refuse();
  quick.cut();
  await sleep(4 * heartbeatMs);
  const looks = quick.tally(([name]) => name.startsWith('EVAL'));
  await quick.accept();
  await until(() => looks() > 0);
  // A heartbeat after the reader is back its mark has come of age.
  await sleep(2 * heartbeatMs);
  slow.delay(0);
  finish.resolve();
  await task.result;
  expect(typesIn(await text).at(-1)).toBe('finish');
  await Promise.all([slow.close(), quick.close()]);
  await Promise.all([streamContext.close(), elsewhere.close()]);
});
