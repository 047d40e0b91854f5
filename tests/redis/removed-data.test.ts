import { randomUUID } from 'node:crypto';
import { createRedisStreamContext, type RedisStreamContextOptions } from 'ai-task-stream/redis';
import type { TaskLog, TaskReader, TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCursor } from '../../src/protocol/cursor';
import { until } from '../helpers/async';
import { absolute } from '../helpers/cursors';
import { followLog } from '../helpers/follow-log';
import { numberedChunk } from '../helpers/numbered-log';
import { setUpOwnRedis } from '../helpers/own-redis';
import { startFaultProxy } from '../helpers/redis-proxy';
import { spawnInstance } from '../helpers/spawn-instance';

const keyPrefix = 'removed';
const heartbeatMs = 300;

const own = setUpOwnRedis();
let context: TaskStreamContext;
/** Another instance. */
let elsewhere: TaskStreamContext;
let taskId: string;
/** The first epoch of its log. */
let first: number;
let cleanups: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  taskId = randomUUID();
  context = connect();
  elsewhere = connect();
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

function connect(options: RedisStreamContextOptions = {}): TaskStreamContext {
  const connected = createRedisStreamContext({
    url: own.server.url,
    keyPrefix,
    onError() {},
    ...options,
  });
  cleanups.push(() => connected.close());
  return connected;
}

async function open(at = context, options: { leaseMs?: number } = {}): Promise<TaskLog> {
  const log = await at.open(taskId, {
    leaseMs: 2 * heartbeatMs,
    token: randomUUID(),
    frames: [numberedChunk(0)],
    ...options,
  });
  if (!log) throw new Error('The task exists already.');
  first = Number(await epoch());
  return log;
}

/** Each chunk in an entry of its own. */
async function write(log: TaskLog, start: number, end: number): Promise<void> {
  for (let n = start; n < end; n++) {
    log.append(numberedChunk(n));
    await log.flushed();
  }
}

function key(kind: 'm' | 'f' | 'l'): string {
  return `${keyPrefix}:{${taskId}}:${kind}`;
}

/** The epoch of the task, which has had one. */
async function epoch(): Promise<string> {
  return String(await own.admin.send('HGET', key('m'), 'epoch'));
}

/** The numbers of the chunks that a reader takes until it ends, gaps as `gap@cursor`. */
async function readToEnd(reader: TaskReader, received: string[] = []): Promise<string[]> {
  for await (const { epoch, data, offset, start, end } of reader) {
    for (let n = start; n < end; n++) {
      const chunk = JSON.parse(data[n - offset]!);
      const isGap = chunk.type === 'data-task-error' && chunk.data.code === 'gap';
      if (isGap) received.push(`gap@${epoch - first}-${n}`);
      else received.push(chunk.type === 'data-n' ? chunk.data.split(' ')[0] : chunk.type);
    }
  }
  reader.close();
  return received;
}

async function readAll(at: TaskStreamContext, cursor?: string): Promise<string[]> {
  const reader = await at.read(taskId, { cursor: parseCursor(cursor ?? '') });
  if (!reader) throw new Error(`${taskId} is unknown.`);
  return readToEnd(reader);
}

describe('readers of a settled log', () => {
  const cases: [what: string, remove: (key: string, epoch: string) => string[], string][] = [
    [
      'entries in the middle',
      (f, e) => ['XDEL', f, `${e}-4`, `${e}-5`, `${e}-6`],
      '0 1 2 gap@0-5 6 7 8 9 10',
    ],
    [
      'entries here and there',
      (f, e) => ['XDEL', f, `${e}-1`, `${e}-4`, `${e}-5`, `${e}-10`],
      'gap@0-0 1 2 gap@0-4 5 6 7 8 gap@0-9 10',
    ],
    ['the last entry', (f, e) => ['XDEL', f, `${e}-11`], '0 1 2 3 4 5 6 7 8 9 gap@0-10'],
    ['all but the newest', (f) => ['XTRIM', f, 'MAXLEN', '3'], 'gap@0-7 8 9 10'],
    ['what is old', (f, e) => ['XTRIM', f, 'MINID', `${e}-6`], 'gap@0-4 5 6 7 8 9 10'],
    ['everything', (f) => ['DEL', f], 'gap@0-10'],
  ];

  it.each(cases)('are told of a gap where %s was removed', async (_, remove, received) => {
    const log = await open();
    await write(log, 1, 10);
    await log.settle([numberedChunk(10)], 'completed');
    await own.admin.send(...remove(key('f'), await epoch()));
    expect((await readAll(elsewhere)).join(' ')).toBe(received);
    for (let n = 0; n <= 10; n++) {
      const rest = received.split(' ').filter((item) => numberOf(item) > n);
      expect(await readAll(context, await absolute(context, taskId, `0-${n}`))).toEqual(rest);
    }
  });

  it('of which some was not kept are told of it once, from whichever cursor they come', async () => {
    const small = connect({ maxLogBytes: 500 });
    const log = await open(small);
    const snapshot = JSON.stringify({ type: 'data-task', id: taskId, data: { taskId } });
    for (let count = 0; count < 5; count++) {
      for (let n = 0; n < 7; n++) log.append(numberedChunk(n, 90));
      log.append(snapshot);
      await log.flushed();
    }
    await log.settle([numberedChunk(41)], 'completed');
    const all = await readAll(elsewhere);
    const gapAt = all.findIndex((item) => item.startsWith('gap'));
    expect(all.slice(gapAt + 1)).toEqual([...Array.from({ length: 5 }, () => 'data-task'), '41']);
    for (const cursor of all.keys()) {
      const rest = await readAll(context, await absolute(context, taskId, `0-${cursor}`));
      expect([cursor, rest]).toEqual([cursor, all.slice(cursor + 1)]);
    }
  });

  it('get what is left and end when it expires while they read it', async () => {
    const briefly = connect({ retentionMs: 300, maxUnflushedBytes: 8 * 1024 * 1024 });
    const log = await open(briefly);
    const frames = Array.from({ length: 60 }, (_, index) => numberedChunk(1 + index, 100_000));
    for (const frame of frames) log.append(frame);
    await log.flushed();
    const readers = [await briefly.read(taskId), await elsewhere.read(taskId)];
    await log.settle([numberedChunk(61)], 'completed');
    readers.push(await connect().read(taskId));
    await until(async () => (await own.admin.send('EXISTS', key('m'))) === 0);
    for (const reader of readers) {
      const received = await readToEnd(reader!);
      // What its process still has at hand comes after the gap.
      expect(received.filter((item) => item.startsWith('gap'))).toHaveLength(1);
      const numbers = received.map(numberOf);
      expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
      expect(numbers.at(-1)).toBe(61);
    }
    expect(await elsewhere.read(taskId)).toBeUndefined();
  });
});

describe('readers of a log whose end Redis has lost again', () => {
  it('are told of a gap if they had begun, and see the task closed as lost if they come then', async () => {
    const log = await open();
    const [slow, quick] = [await elsewhere.read(taskId), await elsewhere.read(taskId)];
    await write(log, 1, 4);
    // More than a process keeps at hand for a reader that is slow.
    for (let n = 4; n < 40; n++) {
      log.append(numberedChunk(n, 40_000));
      await log.flushed();
    }
    await log.settle([numberedChunk(40)], 'completed');
    while (!(await quick!.next()).done);
    // As in a copy that had not got the newest yet, and takes the place of the one that had.
    const gone = Array.from({ length: 37 }, (_, n) => `${first}-${n + 5}`);
    await own.admin.send('XDEL', key('f'), ...gone);
    await own.admin.send('HSET', key('m'), 'end', '3', 'status', 'running');
    await own.admin.send('HDEL', key('m'), 'settledAt');

    const received = await readToEnd(slow!);
    expect(received.filter((item) => item.startsWith('gap'))).toHaveLength(1);
    expect(received.slice(0, 4)).toEqual(['0', '1', '2', '3']);
    expect(received.at(-1)).toBe('40');
    expect(await readAll(elsewhere)).toEqual([
      ...['0', '1', '2', '3'],
      ...['data-task', 'data-task-error', 'data-task-settle', 'error'],
    ]);
    quick!.close();
  });
});

describe('readers of a task that is running', () => {
  it('are told of a gap by the next heartbeat, and get what follows', async () => {
    const proxy = await startFaultProxy(own.server.url);
    cleanups.push(async () => {
      await until(() => proxy.connectionCount === 0);
      await proxy.close();
    });
    proxy.treatMessages('drop');
    const deaf = connect({ url: proxy.url });
    const log = await open();
    const [reader, ofAll] = [await deaf.read(taskId), await elsewhere.read(taskId)];
    const receiving = readToEnd(reader!);
    const receivingAll = readToEnd(ofAll!);
    await until(() => proxy.count('SUBSCRIBE') > 0);
    await write(log, 1, 6);
    const at = await epoch();
    await own.admin.send('XDEL', key('f'), `${at}-3`, `${at}-4`, `${at}-5`);
    await write(log, 6, 8);
    await log.settle([numberedChunk(8)], 'completed');
    const received = await receiving;
    // Whatever it had seen before is not missing.
    const seen = [1, 2, 3, 4].map((count) => '0 1 2 3'.split(' ').slice(0, count).join(' '));
    const possible = seen.map((before) => `${before} gap@0-4 5 6 7 8`);
    expect([...possible, '0 1 2 3 4 5 6 7 8']).toContain(received.join(' '));
    expect(await receivingAll).toEqual('0 1 2 3 4 5 6 7 8'.split(' '));
  });

  it('who come after its stream was deleted are told of a gap, all others go on', async () => {
    const log = await open();
    const early: string[] = [];
    const before = readToEnd((await elsewhere.read(taskId))!, early);
    await write(log, 1, 4);
    await until(() => early.length === 4);
    await own.admin.send('DEL', key('f'));
    const during = readToEnd((await connect().read(taskId))!);
    await write(log, 4, 6);
    await log.settle([numberedChunk(6)], 'completed');
    expect(await before).toEqual('0 1 2 3 4 5 6'.split(' '));
    expect(await during).toEqual('gap@0-3 4 5 6'.split(' '));
    expect(await readAll(connect())).toEqual('gap@0-3 4 5 6'.split(' '));
    // What came after is not kept for ever.
    for (const [name, ttl] of await own.admin.ttls()) expect([name, ttl > 0]).toEqual([name, true]);
  });

  it('are told of a gap when all of it was deleted and its producer begins anew', async () => {
    const log = await open();
    const before = followLog(elsewhere, taskId);
    const here = followLog(context, taskId);
    await Promise.all([before.attached, here.attached]);
    await write(log, 1, 4);
    await until(() => before.reading().count === 4);
    await own.admin.send('DEL', key('m'), key('f'), key('l'));
    await write(log, 4, 6);
    expect(await log.settle([numberedChunk(6)], 'completed')).toBe(true);
    expect(await before.ended).toMatchObject({ problem: undefined, last: numberedChunk(6) });
    expect(before.reading().gaps).toEqual([[expect.stringMatching(/^1-/), 'storage-lost']]);
    expect(await here.ended).toMatchObject({ gaps: [], last: numberedChunk(6) });
  });

  it('end when all of it was deleted and its producer is gone', async () => {
    const producer = await spawnInstance();
    const remote = await producer.connect({ url: own.server.url, keyPrefix });
    await remote.open(taskId, { leaseMs: 2 * heartbeatMs });
    const follower = followLog(elsewhere, taskId);
    await follower.attached;
    await producer.kill();
    await own.admin.send('DEL', key('m'), key('f'), key('l'));
    expect(await follower.ended).toMatchObject({ count: 1, problem: undefined });
  });
});

function numberOf(item: string): number {
  return Number(item.split('-').at(-1));
}
