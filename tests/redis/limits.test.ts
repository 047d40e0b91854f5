import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UIMessageChunk } from 'ai';
import { TaskError, type TaskOutcome } from 'ai-task-stream';
import type {
  streamTask,
  TaskLog,
  TaskSettleEvent,
  TaskStreamContext,
} from 'ai-task-stream/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDeferred, until } from '../helpers/async';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { createRedisInstances, expectAccepted, gapCausesIn } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';
import { chunksIn, storedChunksIn, typesIn } from '../helpers/sse';
import { createId, follow, readLog, startOwnTask } from '../helpers/tasks';

const url = sharedRedisUrl();
const instances = createRedisInstances();
let admin: RedisAdmin;

beforeEach(async () => {
  admin = await connectAdmin(url);
});

afterEach(async () => {
  await instances.close();
  admin.close();
});

type Execute = Parameters<typeof streamTask<unknown>>[0]['execute'];

/** Runs a task to its end; gives what its first response brought, and what was reported. */
async function run(streamContext: TaskStreamContext, execute: Execute) {
  const { task, reported } = startOwnTask({ streamContext, execute, progressIntervalMs: 0 });
  const text = await (await task.toResponse()).text();
  const end = await task.consume();
  return { taskId: task.taskId, text, end, reported };
}

/** A chunk of so many bytes as JSON, of characters of three bytes as far as that goes. */
function chunkOf(bytes: number): UIMessageChunk {
  const bare = Buffer.byteLength(JSON.stringify({ type: 'data-x', data: '' }));
  const [wide, narrow] = [Math.floor((bytes - bare) / 3), (bytes - bare) % 3];
  return { type: 'data-x', data: '€'.repeat(wide) + 'x'.repeat(narrow) };
}

function tooLarge(path: string): object {
  return {
    code: 'frame-too-large',
    retryable: false,
    details: { path, bytes: expect.any(Number), maxFrameBytes: 4_096 },
  };
}

it('throws to the work that writes, logs or reports more at once than a frame takes', async () => {
  const { context } = instances.open({ url, maxFrameBytes: 4_096 });
  const caught: unknown[] = [];
  const { text, end, taskId } = await run(context, ({ writer, task }) => {
    const attempts = [
      () => writer.write(chunkOf(4_097)),
      () => task.partial('x'.repeat(4_096)),
      () => task.log('x'.repeat(4_096)),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
      } catch (error) {
        caught.push(error);
      }
    }
    writer.write(chunkOf(4_096));
    task.partial('fits');
    return 'done';
  });
  expect(caught).toMatchObject([tooLarge('chunk'), tooLarge('partials[0]'), tooLarge('chunk')]);
  expect(caught.every((error) => TaskError.isInstance(error))).toBe(true);
  expect(end).toMatchObject({ status: 'completed', result: 'done' });
  const chunks = storedChunksIn(text);
  expect(chunks).toContainEqual(chunkOf(4_096));
  expect(chunks).toContainEqual({
    type: 'data-task-partial',
    id: `${taskId}:0`,
    data: { taskId, index: 0, value: 'fits' },
    transient: true,
  });
  expect((await readLog(context, taskId)).map((frame) => JSON.parse(frame))).toEqual(chunks);
});

it('fails a task that does not catch it, and one whose merged stream brings too much', async () => {
  const { context } = instances.open({ url, maxFrameBytes: 4_096 });
  const merged = () =>
    new ReadableStream<UIMessageChunk>({
      pull: (controller) => controller.enqueue(chunkOf(5_000)),
    });
  const works: [Execute, string][] = [
    [({ writer }) => writer.write(chunkOf(5_000)), 'chunk'],
    [({ task }) => task.partial('x'.repeat(5_000)), 'partials[0]'],
    [({ writer }) => writer.merge(merged()), 'chunk'],
  ];
  for (const [execute, path] of works) {
    const { text, end } = await run(context, execute);
    expect(end).toMatchObject({ status: 'failed', error: tooLarge(path) });
    expect(typesIn(text).slice(-3)).toEqual(['data-task-error', 'data-task-settle', 'error']);
  }
});

// R-MERGE-7
it('fails the one tool call that gives too much, for page and saved message alike', async () => {
  const { context, keyPrefix } = instances.open({ url });
  const elsewhere = instances.open({ url, keyPrefix });
  const saved = createDeferred<TaskSettleEvent<unknown>>();
  const chunks: UIMessageChunk[] = [
    { type: 'text-start', id: 't' },
    { type: 'text-delta', id: 't', delta: 'Let me see. '.repeat(200_000) },
    { type: 'text-end', id: 't' },
    { type: 'tool-input-available', toolCallId: 'c', toolName: 'search', input: {} },
    { type: 'tool-output-available', toolCallId: 'c', output: 'x'.repeat(2_000_000) },
    { type: 'text-start', id: 'on' },
    { type: 'text-delta', id: 'on', delta: 'And on.' },
    { type: 'text-end', id: 'on' },
  ];
  const { task, reported } = startOwnTask({
    streamContext: context,
    chatId: randomUUID(),
    onSettle: saved.resolve,
    execute: ({ writer }) =>
      writer.merge(
        new ReadableStream({
          pull(controller) {
            const chunk = chunks.shift();
            if (chunk) controller.enqueue(chunk);
            else controller.close();
          },
        }),
      ),
  });
  expect(await task.consume()).toMatchObject({ status: 'completed' });
  expect(reported).toMatchObject([{ code: 'frame-too-large', details: { toolCallId: 'c' } }]);
  const log = (await readLog(elsewhere.context, task.taskId)).map((frame) => JSON.parse(frame));
  const [text, on] = await expectAccepted(log);
  expect(text).toBe('Let me see. '.repeat(200_000));
  expect(on).toBe('And on.');
  const { message } = await saved.promise;
  expect(message?.parts).toContainEqual(
    expect.objectContaining({ type: 'tool-search', state: 'output-error' }),
  );
  expect(log).toContainEqual(
    expect.objectContaining({ type: 'tool-output-error', toolCallId: 'c' }),
  );
});

it('fails a task whose result is too large for a frame', async () => {
  const { context } = instances.open({ url, maxFrameBytes: 4_096 });
  const { text, end } = await run(context, () => 'x'.repeat(5_000));
  expect(end).toMatchObject({ status: 'failed', error: tooLarge('result') });
  expect(typesIn(text).slice(-3)).toEqual(['data-task-error', 'data-task-settle', 'error']);
});

it('leaves out snapshots that are too large, and says so once', async () => {
  const { context } = instances.open({ url, maxFrameBytes: 4_096 });
  const { text, end, reported } = await run(context, async ({ task }) => {
    for (let value = 0; value < 5; value++) {
      task.progress({ value, message: 'x'.repeat(5_000) });
      await sleep(2);
    }
    task.progress({ value: 5, message: 'short' });
  });
  expect(end.status).toBe('completed');
  expect(reported).toMatchObject([tooLarge('chunk')]);
  const messages = storedChunksIn(text).flatMap((chunk) =>
    chunk.type === 'data-task' ? ((chunk.data as { progress?: object }).progress ?? []) : [],
  );
  expect(messages).toEqual([
    { value: 5, message: 'short' },
    { value: 5, message: 'short' },
  ]);
});

it('limits nothing where a context has no limit', async () => {
  const { task } = startOwnTask({
    execute: ({ writer }) => {
      writer.write(chunkOf(3_000_000));
      return 'x'.repeat(3_000_000);
    },
  });
  expect((await task.consume()).status).toBe('completed');
});

// R-STORE-2
it('keeps the outcome of a log that is full, tells of the gap once, and replays from every cursor', async () => {
  const maxLogBytes = 100_000;
  const { context, keyPrefix } = instances.open({ url, maxLogBytes });
  const elsewhere = instances.open({ url, maxLogBytes, keyPrefix });
  const isFull = createDeferred();
  const taskId = createId();
  const { task } = startOwnTask({
    streamContext: context,
    taskId,
    progressIntervalMs: 0,
    execute: async ({ task: reporter, writer }) => {
      writer.write({ type: 'text-start', id: 'kept' });
      writer.write({
        type: 'tool-input-available',
        toolCallId: 'call',
        toolName: 'search',
        input: {},
      });
      for (let n = 0; n < 300; n++) {
        writer.write({ type: 'text-delta', id: 'kept', delta: 'x'.repeat(1_000) });
        if (n === 200) writer.write({ type: 'text-start', id: 'late' });
        if (n > 200) writer.write({ type: 'text-delta', id: 'late', delta: 'late' });
        if (n === 250)
          writer.write({ type: 'tool-output-available', toolCallId: 'call', output: 1 });
        if (n % 50 === 0) {
          reporter.progress({ value: n });
          await sleep(5);
        }
        reporter.log(`line ${n}`);
      }
      isFull.resolve();
      return 'done';
    },
  });
  const response = await task.toResponse();
  const following = (await follow(elsewhere.context, taskId)).text();
  const text = await response.text();
  await isFull.promise;
  const log = (await readLog(elsewhere.context, taskId)).map((frame) => JSON.parse(frame));
  // Who follows the process that runs the task gets no more than all others.
  const here = storedChunksIn(text);
  expect(await expectAccepted(here)).toEqual(await expectAccepted(log));
  expect(here.slice(-4)).toEqual(log.slice(-4));
  for (const chunks of [here, log]) expect(gapCausesIn(chunks)).toEqual(['log-full']);
  const [keptOfLog, ...others] = await expectAccepted(log);
  expect(keptOfLog?.length).toBeGreaterThan(0.7 * maxLogBytes);
  expect(keptOfLog?.length).toBeLessThan(maxLogBytes);
  expect(others).toEqual([]);
  const afterGap = log.slice(log.findIndex(({ data }) => data?.code === 'gap') + 1);
  expect(new Set(afterGap.map(({ type }) => type))).toEqual(
    new Set(['data-task', 'tool-output-error', 'text-end', 'data-task-settle', 'finish']),
  );
  expect(afterGap.flatMap(({ data }) => data?.progress?.value ?? [])).toEqual([
    100, 150, 200, 250, 250,
  ]);
  expect(Number(await admin.send('MEMORY', 'USAGE', `${keyPrefix}:{${taskId}}:f`))).toBeLessThan(
    2 * maxLogBytes,
  );

  for (const followed of [
    await following,
    await (await follow(elsewhere.context, taskId)).text(),
  ]) {
    expect(gapCausesIn(chunksIn(followed))).toEqual(['log-full']);
    await expectAccepted(storedChunksIn(followed));
  }
  const last = JSON.stringify(log.at(-1));
  const gapAt = log.findIndex(({ data }) => data?.code === 'gap');
  for (let n = 1; n < log.length - 1; n += 7) {
    const replay = await (await follow(elsewhere.context, taskId, `0-${n}`)).text();
    expect(replay.endsWith(`data: ${last}\n\ndata: [DONE]\n\n`)).toBe(true);
    // Nobody lacks a part of it without a word, and nobody is told twice.
    expect([n, gapCausesIn(chunksIn(replay))]).toEqual([n, n < gapAt ? ['log-full'] : []]);
  }
  const end = await follow(elsewhere.context, taskId, `0-${log.length - 1}`);
  expect(end.status).toBe(204);
});

/** Opens a task without running one. */
async function openLog(context: TaskStreamContext, taskId: string, chatId?: string) {
  const log = await context.open(taskId, {
    leaseMs: 10_000,
    token: randomUUID(),
    chatId,
    frames: ['{"type":"start"}'],
  });
  if (!log) throw new Error('The task exists already.');
  return log;
}

async function settle(log: TaskLog, outcome: TaskOutcome) {
  expect(await log.settle(['{"type":"finish"}'], outcome)).toBe(true);
  await log.release();
}

it('gives each key a time to live at any time, and forgets a settled task after its retention', async () => {
  // Long enough that a slow machine still finds the keys that it sets at the end.
  const retentionMs = 4_000;
  const { context, keyPrefix } = instances.open({ url, retentionMs });
  const taskId = createId();
  const dayMs = 24 * 60 * 60 * 1_000;
  const ttls = async () => {
    const all = [...(await admin.ttls())].filter(([key]) => key.startsWith(keyPrefix));
    return new Map(all.map(([key, ttl]) => [key.slice(keyPrefix.length + 1), ttl]));
  };
  const expectTtls = async (...keys: string[]) => {
    const found = await ttls();
    expect([...found.keys()].map((key) => key.replace(/^chat:.*/, 'chat')).sort()).toEqual(
      keys.sort(),
    );
    for (const [key, ttl] of found) expect([key, ttl > 0 && ttl <= 7 * dayMs]).toEqual([key, true]);
    return found;
  };
  const keyOf = (suffix: string) => `{${taskId}}:${suffix}`;
  await context.cancel(taskId, { owner: 'somebody else' });
  await expectTtls(keyOf('c'));
  const log = await openLog(context, taskId, 'chat');
  const running = ['m', 'f', 'l'].map(keyOf);
  await expectTtls(...running, 'chat');
  log.append('{"type":"data-x","data":1}');
  await log.flushed();
  const found = await expectTtls(...running, 'chat');
  for (const suffix of ['m', 'f']) expect(found.get(keyOf(suffix))).toBeGreaterThan(dayMs / 2);

  // Also one that somebody took away, or made last for ever.
  await admin.send('DEL', `${keyPrefix}:${keyOf('f')}`);
  await admin.send('PERSIST', `${keyPrefix}:${keyOf('m')}`);
  log.append('{"type":"data-x","data":2}');
  await log.flushed();
  await expectTtls(...running, 'chat');

  // The keys' time begins after this, so they are there for all of it, however slow the machine is.
  const settlingAt = performance.now();
  await settle(log, 'completed');
  const settled = await expectTtls(keyOf('m'), keyOf('f'));
  for (const ttl of settled.values()) expect(ttl).toBeLessThanOrEqual(retentionMs);
  await until(async () => (await ttls()).size === 0);
  expect(performance.now() - settlingAt).toBeGreaterThan(retentionMs - 100);
  expect(await context.inspect(taskId)).toBeUndefined();
  expect(await context.read(taskId)).toBeUndefined();
});
