import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import {
  cancelTask,
  resumeTask,
  type TaskSettleEvent,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { relativeEnd } from '../helpers/cursors';
import {
  expectCleanMessage,
  expectLostEnd,
  heartbeatsIn,
  lostError,
  storedFramesIn,
} from '../helpers/lost-task';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl } from '../helpers/redis-server';
import { withoutHeartbeats } from '../helpers/sse';
import { watchStalls } from '../helpers/stalls';
import {
  type Ended,
  type StartedTask,
  spawnTaskServer,
  type TaskServer,
} from '../helpers/task-server';
import { createId, follow, readLog } from '../helpers/tasks';

const url = sharedRedisUrl();
const keyPrefix = `lost-${randomUUID()}`;

let context: TaskStreamContext;
/** Follow tasks, each in a process of its own. */
let readers: readonly [TaskServer, TaskServer];

beforeAll(async () => {
  readers = await Promise.all([
    spawnTaskServer({ url, keyPrefix }),
    spawnTaskServer({ url, keyPrefix }),
  ]);
});

afterAll(() => Promise.all(readers.map((reader) => reader.kill())));

beforeEach(() => {
  context = createRedisStreamContext({ url, keyPrefix });
});

afterEach(() => context.close());

/**
 * Every reader has the end of a lost task so long after its producer was gone. The time in which the
 * reader's own process got no turn does not count, so that this holds on a busy machine, too.
 */
function expectInTime(
  { settledAt = Infinity, stalledMs = 0 }: Pick<Ended, 'settledAt' | 'stalledMs'>,
  { killedAt, heartbeatMs }: { killedAt: number; heartbeatMs: number },
): void {
  expect(settledAt - killedAt - stalledMs).toBeLessThanOrEqual(3 * heartbeatMs + 1_000);
}

/** Kills a process, and gives the time. */
function killNow(server: TaskServer): number {
  const killedAt = Date.now();
  void server.kill();
  return killedAt;
}

// R-LEASE-2
it('gives 1, 2 and 10 readers elsewhere the same end in time, whenever a producer is killed', async () => {
  const heartbeatMs = 1_000;
  // One more follows tasks, which no message of Redis reaches.
  const proxy = await startFaultProxy(url);
  proxy.treatMessages('drop');
  const deaf = await spawnTaskServer({ url: proxy.url, keyPrefix });
  const producers = await Promise.all(
    Array.from({ length: 20 }, () => spawnTaskServer({ url, keyPrefix })),
  );
  const begin = async (
    producer: TaskServer,
    options: { work: StartedTask['work']; paceMs: number; readerCount: number },
  ) => {
    const { readerCount, ...work } = options;
    const taskId = createId();
    const started = producer.start({ taskId, heartbeatMs, ...work });
    expect(await started.when('started')).toBe(200);
    const following = Array.from({ length: readerCount }, (_, index) => {
      const reader = index === 9 ? deaf : readers[index % 2 === 0 ? 0 : 1];
      return reader.follow({ taskId, heartbeatMs });
    });
    // Whoever has caught up gets what comes as it is, not compacted.
    await Promise.all(following.map((reader) => reader.when('reading')));
    return { taskId, started, following };
  };
  const begun = await Promise.all(
    producers.map((producer) =>
      Promise.all([
        begin(producer, { work: 'cycle', paceMs: 50, readerCount: 1 }),
        begin(producer, { work: 'keep-open', paceMs: 100, readerCount: 2 }),
        begin(producer, { work: 'keep-open', paceMs: 200, readerCount: 10 }),
      ]),
    ),
  );
  for (const { started } of begun.flat()) started.tell('go');
  const kill = async (producer: TaskServer, index: number) => {
    await sleep(100 + 113 * index);
    return killNow(producer);
  };
  const killTimes = await Promise.all(producers.map(kill));
  // To look at what they got takes time, which those that are still reading need.
  const ended = await Promise.all(
    begun.flat().map(async ({ taskId, following }, index) => ({
      taskId,
      killedAt: killTimes[Math.floor(index / 3)] ?? 0,
      responses: await Promise.all(following.map((reader) => reader.when<Ended>('ended'))),
    })),
  );

  for (const { taskId, killedAt, responses } of ended) {
    for (const response of responses) {
      expect(response.status).toBe(200);
      expectInTime(response, { killedAt, heartbeatMs });
    }
    const [text = '', ...others] = responses.map((response) => withoutHeartbeats(response.text));
    for (const other of others) expect(other).toBe(text);
    const log = await readLog(context, taskId);
    expect(storedFramesIn(text).map(({ data }) => data)).toEqual(log);
    const late = withoutHeartbeats(await (await follow(context, taskId)).text());
    expect(withoutHeartbeats(await (await follow(context, taskId)).text())).toBe(late);
    for (const body of [text, late]) {
      expectLostEnd(body, taskId);
      await expectCleanMessage(body, lostError.message);
    }
  }
  expect([deaf, ...readers].map((server) => server.errorOutput())).toEqual(['', '', '']);
  await proxy.close();
  await deaf.kill();
});

it('settles as cancelled what had been asked to stop before its producer was gone', async () => {
  const heartbeatMs = 500;
  const producer = await spawnTaskServer({ url, keyPrefix });
  const taskId = createId();
  const started = producer.start({ taskId, heartbeatMs, graceMs: 60_000, work: 'keep-open' });
  expect(await started.when('started')).toBe(200);
  const following = readers.map((server) => server.follow({ taskId, heartbeatMs }));
  await Promise.all(following.map((reader) => reader.when('reading')));
  started.tell('go');
  expect(await cancelTask({ taskId, streamContext: context, reason: 'Enough.' })).toBe(true);
  const killedAt = killNow(producer);
  const responses = await Promise.all(following.map((reader) => reader.when<Ended>('ended')));
  for (const response of responses) {
    const { text } = response;
    expectInTime(response, { killedAt, heartbeatMs });
    expectLostEnd(text, taskId, 'cancelled');
    expect(text).toContain('"code":"cancelled","message":"Enough."');
    expect(text).toContain('{"type":"abort","reason":"Enough."}');
    await expectCleanMessage(text);
  }
  expect((await context.inspect(taskId))?.status).toBe('cancelled');
});

// R-BEAT-3
it('sends no heartbeats for a producer that it has not heard of for longer than its lease', async () => {
  const heartbeatMs = 300;
  const proxy = await startFaultProxy(url);
  const [producer, cutOff] = await Promise.all([
    spawnTaskServer({ url, keyPrefix }),
    spawnTaskServer({ url: proxy.url, keyPrefix }),
  ]);
  const taskId = createId();
  const started = producer.start({ taskId, heartbeatMs, work: 'keep-open' });
  expect(await started.when('started')).toBe(200);
  const following = cutOff.follow({ taskId, heartbeatMs });
  await following.when('reading');
  proxy.delay(Number.POSITIVE_INFINITY);
  const killedAt = killNow(producer);
  await sleep(8 * heartbeatMs);
  const sent = heartbeatsIn(await following.text()).filter((at) => at > killedAt);
  // The lease is two heartbeats long, and what the producer gave last may have come late.
  expect(sent.length).toBeLessThanOrEqual(4);
  proxy.delay(0);
  expectLostEnd((await following.when<Ended>('ended')).text, taskId);
  await proxy.close();
  await cutOff.kill();
});

it('keeps a lost task its chat’s until the host was told of it, or the chat went on', async () => {
  const heartbeatMs = 500;
  const producer = await spawnTaskServer({ url, keyPrefix });
  const begin = async () => {
    const [taskId, chatId] = [createId(), createId()];
    const started = producer.start({ taskId, chatId, heartbeatMs, work: 'keep-open' });
    expect(await started.when('started')).toBe(200);
    started.tell('go');
    return { taskId, chatId };
  };
  const [followed, unseen, superseded] = await Promise.all([begin(), begin(), begin()]);
  const reader = readers[0].follow({ chatId: followed.chatId, heartbeatMs });
  await reader.when('reading');
  await producer.kill();

  const next = readers[1].start({
    taskId: createId(),
    chatId: superseded.chatId,
    heartbeatMs,
    work: 'obey',
  });
  next.tell('finish');
  await next.when('released');
  expectLostEnd((await reader.when<Ended>('ended')).text, followed.taskId);
  expect(await context.activeTask(followed.chatId)).toBe(followed.taskId);

  // Nobody has followed this one yet, and its lease has run out long since.
  expect(await context.activeTask(unseen.chatId)).toBe(unseen.taskId);
  const told: TaskSettleEvent<unknown>[] = [];
  const resume = () =>
    resumeTask({
      chatId: unseen.chatId,
      streamContext: context,
      heartbeatMs,
      onSettle: (event) => void told.push(event),
    }).toResponse();
  const resumedAt = Date.now();
  const stalledMs = watchStalls();
  const text = await (await resume()).text();
  const ended = { settledAt: Date.now(), stalledMs: stalledMs() };
  expectInTime(ended, { killedAt: resumedAt, heartbeatMs });
  expectLostEnd(text, unseen.taskId);
  await until(async () => (await context.activeTask(unseen.chatId)) === undefined);
  expect((await resume()).status).toBe(204);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({
    taskId: unseen.taskId,
    chatId: unseen.chatId,
    status: 'failed',
    error: { code: 'lost' },
    message: { role: 'assistant' },
  });
  expectLostEnd(await (await follow(context, unseen.taskId)).text(), unseen.taskId);

  // The chat has gone on without this one, whether or not its end was ever noticed.
  expect(await context.activeTask(superseded.chatId)).toBeUndefined();
});

// R-CURSOR-7, R-EPOCH-1
it('gives the closing frames to whoever had frames that were never stored, whatever the cursor', async () => {
  const heartbeatMs = 500;
  const wire = await startFaultProxy(url);
  const producer = await spawnTaskServer({ url: wire.url, keyPrefix });
  const taskId = createId();
  const started = producer.start({ taskId, heartbeatMs, work: 'obey' });
  started.tell({ lines: 5 });
  await until(async () => (await relativeEnd(context, taskId)) === '0-7');
  const first = Number((await context.inspect(taskId))?.cursor.split('-')[0]);
  wire.delay(Number.POSITIVE_INFINITY);
  started.tell({ lines: 10 });
  await until(async () => (await started.text()).includes(`id: ${first}-17\n`));

  const cursors = Array.from({ length: 17 }, (_, index) => `${first}-${index + 4}`);
  const followAll = () =>
    cursors.map((cursor, index) =>
      readers[index % 2 === 0 ? 0 : 1].follow({ taskId, cursor, heartbeatMs }),
    );
  const before = followAll();
  await Promise.all(before.map((reader) => reader.when('answered')));
  const killedAt = killNow(producer);
  const after = followAll();
  const whole = await (await follow(context, taskId)).text();
  const frames = storedFramesIn(whole);
  const closing = expectLostEnd(whole, taskId);
  expect(frames.map(({ id }) => id)).toEqual([
    ...Array.from({ length: 8 }, (_, n) => `${first}-${n}`),
    ...closing.map((_, n) => `${first + 1}-${n}`),
  ]);

  for (const readings of [before, after, followAll()]) {
    for (const [index, reader] of readings.entries()) {
      const response = await reader.when<Ended>('ended');
      const { status, text } = response;
      expect(status).toBe(200);
      expect(storedFramesIn(text)).toEqual(index < 4 ? frames.slice(index + 5) : closing);
      if (readings === before) expectInTime(response, { killedAt, heartbeatMs });
    }
  }
  for (const n of closing.keys()) {
    const response = await follow(context, taskId, `${first + 1}-${n}`);
    expect(response.status).toBe(n === closing.length - 1 ? 204 : 200);
    expect(storedFramesIn(await response.text())).toEqual(closing.slice(n + 1));
  }
  await wire.close();
});

describe('a task whose producer is gone and that nobody reads', () => {
  const heartbeatMs = 800;
  let admin: RedisAdmin;
  let taskId: string;
  let chatId: string;

  beforeAll(async () => {
    admin = await connectAdmin(url);
  });

  afterAll(() => admin.close());

  const storedStatus = () => admin.send('HGET', `${keyPrefix}:{${taskId}}:m`, 'status');

  beforeEach(async () => {
    [taskId, chatId] = [createId(), createId()];
    const producer = await spawnTaskServer({ url, keyPrefix });
    const started = producer.start({ taskId, chatId, heartbeatMs, work: 'keep-open' });
    expect(await started.when('started')).toBe(200);
    started.tell('go');
    expect(await context.inspect(taskId)).toMatchObject({ status: 'running' });
    expect(await context.inspect(taskId)).not.toHaveProperty('isLost');
    await producer.kill();
    await until(async () => Number(await admin.send('PTTL', `${keyPrefix}:{${taskId}}:l`)) < 0);
    expect(await storedStatus()).toBe('running');
  });

  /** What is in its log once it has been closed. */
  const expectOneEnd = async (status: 'failed' | 'cancelled' = 'failed') => {
    await until(async () => (await storedStatus()) === status);
    const log = await readLog(context, taskId);
    expect(log.filter((frame) => frame.includes('"data-task-settle"'))).toHaveLength(1);
    const record = await context.inspect(taskId);
    expect(record).toMatchObject({ status, isUnsaved: true });
    expect(record).not.toHaveProperty('isLost');
  };

  // R-LEASE-3
  it('is told as lost to one who asks once, and closed soon after', async () => {
    expect(await context.inspect(taskId)).toMatchObject({ status: 'running', isLost: true });
    await expectOneEnd();
    // A page that comes back finds its outcome.
    expect(await context.activeTask(chatId)).toBe(taskId);
  });

  // R-LEASE-3
  it('is closed once, however many ask at the same time', async () => {
    const others = Array.from({ length: 6 }, () => createRedisStreamContext({ url, keyPrefix }));
    const seen = await Promise.all(
      others.map(async (other) => {
        const statuses = new Set<unknown>();
        for (let status: unknown; status !== 'failed'; await sleep(20)) {
          const record = await other.inspect(taskId);
          status = record?.status;
          statuses.add(record?.isLost ? 'lost' : status);
        }
        return [...statuses];
      }),
    );
    for (const statuses of seen) {
      expect(statuses).not.toContain('running');
      expect(statuses.at(-1)).toBe('failed');
    }
    await expectOneEnd();
    await Promise.all(others.map((other) => other.close()));
  });

  it('is closed when its chat is asked for its active task', async () => {
    expect(await context.activeTask(chatId)).toBe(taskId);
    await expectOneEnd();
  });

  it('is closed as cancelled when it is asked to stop', async () => {
    expect(await cancelTask({ taskId, streamContext: context })).toBe(true);
    await expectOneEnd('cancelled');
  });

  it('is closed as cancelled when its chat goes on with another', async () => {
    const next = readers[0].start({ taskId: createId(), chatId, heartbeatMs, work: 'obey' });
    next.tell('finish');
    await expectOneEnd('cancelled');
  });
});
