// Redis has lost everything, and the producer has not noticed yet: either the task is started
// again elsewhere, or somebody asks for it meanwhile.
import { randomUUID } from 'node:crypto';
import {
  createTaskRoute,
  defineTask,
  resumeTask,
  streamTask,
  type TaskLog,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCursor } from '../../src/protocol/cursor';
import { createDeferred, until } from '../helpers/async';
import { setUpOwnRedis } from '../helpers/own-redis';
import { createRedisInstances, gapCausesIn, type RedisInstance } from '../helpers/redis-contexts';
import { chunksIn, cursorsIn, readWrites, typesIn } from '../helpers/sse';
import { followRequest, readToEnd } from '../helpers/tasks';

const own = setUpOwnRedis();
const instances = createRedisInstances();
let taskId: string;
let keyPrefix: string;
/** Where the task runs at first, where it is read, and where it is started again. */
let home: RedisInstance;
let elsewhere: RedisInstance;
let next: RedisInstance;

beforeEach(async () => {
  taskId = randomUUID();
  keyPrefix = `another-${taskId}`;
  home = await instances.openListening({ url: own.server.url, keyPrefix });
  [elsewhere, next] = [connect(), connect()];
});

afterEach(() => instances.close());

function connect(): RedisInstance {
  return instances.open({ url: own.server.url, keyPrefix });
}

const chunk = (run: string, n: number) => JSON.stringify({ type: 'data-n', data: `${run}${n}` });
const chunks = (run: string, start: number, end: number) =>
  Array.from({ length: end - start }, (_, index) => chunk(run, start + index));

/** Nothing is committed by itself for half of the lease. */
async function open(at: TaskStreamContext, run: string, options: object = {}): Promise<TaskLog> {
  const frames = [chunk(run, 0)];
  const log = await at.open(taskId, { leaseMs: 60_000, token: randomUUID(), frames, ...options });
  if (!log) throw new Error('The task exists already.');
  return log;
}

interface Reading {
  received: [cursor: string, frame: string][];
  ended: Promise<void>;
}

async function read(at: TaskStreamContext, cursor?: string): Promise<Reading> {
  const reader = await at.read(taskId, { cursor: parseCursor(cursor ?? '') });
  if (!reader) throw new Error('The task is unknown.');
  const received: Reading['received'] = [];
  const run = async () => {
    for await (const { epoch, data, offset, start, end } of reader) {
      for (let n = start; n < end; n++) received.push([`${epoch}-${n}`, data[n - offset] ?? '']);
    }
    expect(reader.isCut ?? false).toBe(false);
    reader.close();
  };
  return { received, ended: run() };
}

const anotherLog = (cursor: string) => [cursor, expect.stringContaining('"cause":"another-log"')];

describe('a task that is started again after Redis has lost it', () => {
  // R-CURSOR-8, R-CURSOR-9, R-EPOCH-1, R-EPOCH-2
  it('is told from the run before by all who read that, and fences its producer (R-CURSOR-8, R-CURSOR-9, R-EPOCH-2)', async () => {
    const old = await open(home.context, 'old');
    for (const frame of chunks('old', 1, 6)) old.append(frame);
    await old.flushed();
    const contexts = [home.context, elsewhere.context, next.context];
    const readings = await Promise.all(contexts.slice(0, 2).map((context) => read(context)));
    await until(() => readings.every(({ received }) => received.length === 6));
    const before = [...(readings[0]?.received ?? [])];
    await own.admin.send('FLUSHALL');

    const log = await open(next.context, 'new');
    for (const frame of chunks('new', 1, 4)) log.append(frame);
    await log.flushed();
    const cursors = before.map(([cursor]) => cursor);
    const live = await Promise.all(cursors.map((cursor) => read(elsewhere.context, cursor)));
    const aborted = new Promise((resolve) => old.signal.addEventListener('abort', resolve));
    old.append(chunk('old', 6));
    await aborted;
    expect(old.signal.reason).toMatchObject({ cause: { code: 'lost' } });
    expect(await old.settle([chunk('old', 7)], 'completed')).toBe(false);
    log.append(chunk('new', 4));
    expect(await log.settle([chunk('new', 5)], 'completed')).toBe(true);

    const all = await read(connect().context);
    await all.ended;
    expect(all.received.map(([, frame]) => frame)).toEqual(chunks('new', 0, 6));
    await Promise.all([...readings, ...live].map(({ ended }) => ended));
    const [here, there] = readings;
    // What its producer appended in vain may have come to the readers beside it.
    const seen = here?.received.findIndex(([, frame]) => frame.includes('another-log')) ?? 0;
    expect([6, 7]).toContain(seen);
    const last = here?.received[seen - 1]?.[0] ?? '';
    expect(here?.received.slice(seen)).toEqual([anotherLog(last), ...all.received]);
    expect(there?.received).toEqual([...before, anotherLog(cursors.at(-1) ?? ''), ...all.received]);
    for (const [index, cursor] of cursors.entries()) {
      expect(live[index]?.received).toEqual([anotherLog(cursor), ...all.received]);
      for (const context of contexts) {
        const { received, ended } = await read(context, cursor);
        await ended;
        expect(received).toEqual([anotherLog(cursor), ...all.received]);
      }
    }
    for (const [index, [cursor]] of all.received.entries()) {
      const { received, ended } = await read(elsewhere.context, cursor);
      await ended;
      expect(received).toEqual(all.received.slice(index + 1));
    }
  });

  it('is joined where it still runs, instead of started twice', async () => {
    const old = await open(home.context, 'old');
    await own.admin.send('FLUSHALL');
    const options = { leaseMs: 60_000, token: randomUUID(), frames: [chunk('new', 0)] };
    expect(await home.context.open(taskId, options)).toBeUndefined();
    const reader = await home.context.read(taskId);
    expect(await old.settle([chunk('old', 1)], 'completed')).toBe(true);
    expect(await readToEnd(reader!)).toEqual(chunks('old', 0, 2));
  });

  it('is not shown to the readers of a run that was somebody else’s', async () => {
    const options = { leaseMs: 400, owner: 'one' };
    const old = await open(home.context, 'old', options);
    const reader = (await elsewhere.context.read(taskId, { owner: 'one' }))!;
    expect(reader.take()).toMatchObject({ start: 0, end: 1 });
    await own.admin.send('FLUSHALL');
    const log = await open(next.context, 'new', { owner: 'other' });
    log.append(chunk('new', 1));
    expect(await reader.next()).toEqual({ value: undefined, done: true });
    expect(reader.isCut).toBe(true);
    reader.close();
    await old.settle([], 'completed');
    await log.settle([], 'completed');
  });
});

describe('the epoch of a new log', () => {
  it('lies above frames that are left of an earlier one, whatever the clock says (R-EPOCH-1)', async () => {
    const far = 900_000_000_000;
    const frames = `${keyPrefix}:{${taskId}}:f`;
    await own.admin.send('XADD', frames, `${far}-8`, 'a', '0', 'd', chunk('stale', 0));
    const log = await open(home.context, 'new');
    const settled = log.settle([chunk('new', 1)], 'completed');
    expect(await settled).toBe(true);
    const { received, ended } = await read(elsewhere.context);
    await ended;
    expect(received).toEqual([
      [`${far + 1}-0`, chunk('new', 0)],
      [`${far + 1}-1`, chunk('new', 1)],
    ]);
  });
});

describe('a running task of which Redis has nothing', () => {
  const answer = async (
    { context }: RedisInstance,
    options: { taskId?: string; chatId?: string; owner?: string; cursor?: string },
  ) => {
    const { cursor, ...asked } = options;
    const request = followRequest(cursor);
    const response = await resumeTask({ ...asked, streamContext: context, request }).toResponse();
    if (response.status === 200) await response.body?.cancel();
    return [response.status, response.headers.get('retry-after')];
  };

  it('is away for those who saw it run, until its producer begins the log anew (R-AWAY-1)', async () => {
    const gate = createDeferred();
    const task = streamTask({
      taskId,
      chatId: 'chat',
      owner: 'me',
      heartbeatMs: 60_000,
      streamContext: home.context,
      onError: () => {},
      async execute({ writer }) {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: 'one' });
        await gate.promise;
        writer.write({ type: 'text-delta', id: 't', delta: 'two' });
      },
    });
    const text = (await task.toResponse()).text();
    const byId = { taskId, owner: 'me' };
    const byChat = { chatId: 'chat', owner: 'me' };
    const at = async () => (await elsewhere.context.inspect(taskId))?.cursor.split('-')[1];
    await until(async () => (await at()) === '3');
    const request = followRequest();
    const options = { ...byId, streamContext: elsewhere.context, request };
    const following = readWrites(await resumeTask(options).toResponse());
    await following.until('one');
    await own.admin.send('FLUSHALL');

    for (const asked of [byId, { ...byId, cursor: '1-1' }, byChat]) {
      expect(await answer(elsewhere, asked)).toEqual([503, '1']);
      // The process that runs it has the log at hand.
      expect(await answer(home, asked)).toEqual([200, null]);
    }
    const route = createTaskRoute(defineTask({ name: 'draw', execute: () => 1 }), {
      streamContext: elsewhere.context,
      owner: () => 'stranger',
    });
    const url = `http://localhost/?taskId=${taskId}`;
    expect((await route.DELETE(new Request(url, { method: 'DELETE' }))).status).toBe(404);
    expect(await answer(elsewhere, { ...byId, owner: 'stranger' })).toEqual([404, null]);
    await expect(elsewhere.context.inspect(taskId)).rejects.toMatchObject({
      code: 'context-unavailable',
    });
    // Whoever has never heard of it cannot tell it from one that never was.
    expect(await answer(next, byId)).toEqual([404, null]);
    expect(await home.context.inspect(taskId)).toMatchObject({ status: 'running', owner: 'me' });

    gate.resolve();
    const whole = await text;
    const rest = await following.rest();
    expect(typesIn(rest).filter((type) => type === 'data-task-settle')).toHaveLength(1);
    expect(rest.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(gapCausesIn(chunksIn(rest))).not.toContain('another-log');
    expect(await answer(elsewhere, byId)).toEqual([200, null]);
    const last = cursorsIn(whole).at(-1);
    expect(await answer(elsewhere, { ...byId, ...(last && { cursor: last }) })).toEqual([
      204,
      null,
    ]);
  });

  it('comes back to its chat with its log (R-AWAY-1)', async () => {
    const log = await open(home.context, 'old', { chatId: 'chat' });
    expect(await elsewhere.context.activeTask('chat')).toBe(taskId);
    await own.admin.send('FLUSHALL');
    await expect(elsewhere.context.activeTask('chat')).rejects.toMatchObject({
      code: 'context-unavailable',
    });
    log.append(chunk('old', 1));
    await log.flushed();
    expect(await elsewhere.context.activeTask('chat')).toBe(taskId);
    expect(await next.context.activeTask('chat')).toBe(taskId);
    await log.settle([], 'completed');
    await log.release();
    expect(await elsewhere.context.activeTask('chat')).toBeUndefined();
  });

  it('is unknown once its producer can no longer come back (R-AWAY-1)', async () => {
    await open(home.context, 'old', { leaseMs: 300 });
    expect(await elsewhere.context.inspect(taskId)).toMatchObject({ status: 'running' });
    await home.context.close();
    await own.admin.send('FLUSHALL');
    const seen = new Set<unknown>();
    await until(async () => {
      const [status] = await answer(elsewhere, { taskId });
      seen.add(status);
      return status === 404;
    });
    expect([...seen].filter((status) => status !== 503 && status !== 404)).toEqual([]);
  });

  it('is not away when it had ended', async () => {
    const log = await open(home.context, 'old');
    expect(await elsewhere.context.inspect(taskId)).toMatchObject({ status: 'running' });
    await log.settle([], 'completed');
    expect(await elsewhere.context.inspect(taskId)).toMatchObject({ status: 'completed' });
    await own.admin.send('FLUSHALL');
    for (const instance of [home, elsewhere]) {
      expect(await answer(instance, { taskId })).toEqual([404, null]);
    }
  });
});

describe('a response', () => {
  it('whose context is closed ends without the end mark (R-FRAME-4)', async () => {
    const log = await open(home.context, 'old');
    const { context } = elsewhere;
    const following = readWrites(await resumeTask({ taskId, streamContext: context }).toResponse());
    await following.until('old0');
    await context.close();
    expect(await following.rest()).not.toContain('[DONE]');
    await log.settle([], 'completed');
  });

  it('whose end Redis has lost ends without the end mark (R-FRAME-4)', async () => {
    const log = await open(home.context, 'old');
    await log.settle([chunk('old', 1)], 'completed');
    await own.admin.send('DEL', `${keyPrefix}:{${taskId}}:f`);
    const response = await resumeTask({ taskId, streamContext: elsewhere.context }).toResponse();
    const text = await response.text();
    expect(gapCausesIn(chunksIn(text))).toEqual(['storage-lost']);
    expect(text).not.toContain('[DONE]');
  });
});
