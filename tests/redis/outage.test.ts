import { setTimeout as sleep } from 'node:timers/promises';
import type { UIMessageChunk } from 'ai';
import { streamTask, type TaskStreamContext } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import { createDeferred, until } from '../helpers/async';
import { relativeIds } from '../helpers/cursors';
import { setUpOwnServers } from '../helpers/own-redis';
import { expectAccepted, gapCausesIn, withEachClient } from '../helpers/redis-contexts';
import type { RedisServer } from '../helpers/redis-server';
import { chunksIn, readWrites, storedChunksIn, typesIn } from '../helpers/sse';
import { createId, follow, readLog } from '../helpers/tasks';
import { startPhases } from './phases';

const { instances, startServer } = setUpOwnServers();

/** Waits until the context says of its own that it can be reached again. */
async function untilBack({ context }: { context: TaskStreamContext }, taskId: string) {
  await until(async () => (await context.inspect(taskId).catch(() => undefined)) !== undefined);
}

// R-STORE-1, R-EPOCH-1
it('goes on when Redis is killed and comes back, with its data or without', () =>
  withEachClient(async (kind) => {
    const heartbeatMs = 1_000;
    const survive = async (persistent: boolean) => {
      const server = await startServer({ persistent });
      const home = instances.open({ url: server.url, kind });
      const elsewhere = instances.open({ url: server.url, kind, keyPrefix: home.keyPrefix });
      const { taskId, gates, task, runCount } = startPhases(home.context, { heartbeatMs });
      const first = readWrites(await task.toResponse());
      await first.until('one ');
      const other = readWrites(await follow(elsewhere.context, taskId));
      await other.until('one ');

      await server.kill();
      gates[0]?.resolve();
      await first.until('two ');
      await until(() => home.errors.length > 0);
      await server.restart();
      await untilBack(home, taskId);
      gates[1]?.resolve();
      await Promise.all([first, other].map((reader) => reader.until('three ')));
      // A second time, when what was lost has just been begun anew.
      await server.kill();
      gates[2]?.resolve();
      await first.until('four');
      await until(() => home.errors.length > 1);
      await server.restart();

      const [text, otherText] = await Promise.all([first.rest(), other.rest()]);
      expect(await task.result).toBe('done');
      expect(runCount()).toBe(1);
      const chunks = storedChunksIn(text);
      expect(await expectAccepted(chunks)).toEqual(['one two three four']);
      expect(chunks.at(-1)).toEqual({ type: 'finish' });
      expect(gapCausesIn(chunks)).toEqual([]);
      // Each time it is told once.
      expect(home.errors.map(({ code }) => code)).toEqual([
        'context-unavailable',
        'context-unavailable',
      ]);
      const fresh = instances.open({ url: server.url, kind, keyPrefix: home.keyPrefix });
      const late = await (await follow(fresh.context, taskId)).text();
      const log = (await readLog(fresh.context, taskId)).map(
        (frame) => JSON.parse(frame) as UIMessageChunk,
      );
      return { chunks, log, late, otherText };
    };
    const [kept, lost] = await Promise.all([survive(true), survive(false)]);

    expect(kept.log).toEqual(kept.chunks);
    for (const text of [kept.otherText, kept.late]) {
      expect(await expectAccepted(storedChunksIn(text))).toEqual(['one two three four']);
      expect(gapCausesIn(storedChunksIn(text))).toEqual([]);
    }

    // Whoever follows elsewhere is told that something may be missing, and gets what waited.
    const texts = await expectAccepted(storedChunksIn(lost.otherText));
    expect(texts.join('')).toBe('one two three four');
    expect(await expectAccepted(storedChunksIn(lost.late))).toEqual(['four']);
    for (const text of [lost.otherText, lost.late]) {
      const chunks = storedChunksIn(text);
      expect(new Set(gapCausesIn(chunks))).toEqual(new Set(['storage-lost']));
      expect(chunks.slice(-2)).toMatchObject([
        { type: 'data-task-settle', data: { status: 'completed', result: 'done' } },
        { type: 'finish' },
      ]);
    }
    // The whole log is what the newest epoch began with, and what came then.
    expect(lost.log.slice(0, 5).map(({ type }) => type)).toEqual([
      'start',
      'data-task',
      'data-task-error',
      'text-start',
      'tool-input-available',
    ]);
    const whole = relativeIds(lost.otherText + lost.late);
    expect(whole.slice(whole.lastIndexOf('retry:'))).toMatch(/\nid: 2-0\ndata: /);
  }));

// R-STORE-1, R-STORE-2
it('keeps memory within bounds while Redis is away, and tells readers of the gap', async () => {
  const server = await startServer();
  const home = instances.open({ url: server.url });
  const taskId = createId();
  const isDown = createDeferred();
  const isUp = createDeferred();
  const mebibyte = 1024 * 1024;
  const growths: number[] = [];
  const piece: UIMessageChunk = {
    type: 'data-piece',
    data: 'x'.repeat(16 * 1024),
    transient: true,
  };
  const task = streamTask({
    streamContext: home.context,
    taskId,
    heartbeatMs: 2_000,
    execute: async ({ writer, task: reporter }) => {
      writer.write({ type: 'text-start', id: 'before' });
      writer.write({ type: 'text-delta', id: 'before', delta: 'begin' });
      await isDown.promise;
      const before = heapInUse();
      const write = async (mebibytes: number) => {
        for (let written = 0; written < mebibytes; written++) {
          for (let n = 0; n < 64; n++) writer.write(piece);
          await sleep(1);
        }
        await until(() => hasCaughtUp());
        growths.push(heapInUse() - before);
      };
      // At first nobody has noticed that it is away.
      for (let n = 0; n < 1_024; n++) writer.write(piece);
      await until(() => home.errors.length > 0);
      for (let part = 0; part < 5; part++) {
        // In the middle of what is dropped one part ends, and another begins.
        if (part === 2) {
          writer.write({ type: 'text-end', id: 'before' });
          writer.write({ type: 'text-start', id: 'within' });
          writer.write({ type: 'text-delta', id: 'within', delta: 'dropped' });
        }
        writtenMebibytes += 10;
        await write(10);
      }
      await isUp.promise;
      reporter.progress({ value: 1 });
      writer.write({ type: 'text-delta', id: 'within', delta: 'end' });
      return 'done';
    },
  });
  let writtenMebibytes = 16;
  let received = 0;
  let rest = '';
  const hasCaughtUp = () => received > writtenMebibytes * mebibyte;
  const response = await task.toResponse();
  const reading = (async () => {
    for await (const bytes of response.body ?? []) {
      received += bytes.length;
      rest = (rest + Buffer.from(bytes).toString()).slice(-2_000);
    }
  })();
  await until(() => rest.includes('begin'));
  await server.kill();
  isDown.resolve();
  await until(() => growths.length === 5);
  expect(Math.max(...growths)).toBeLessThan(12 * mebibyte);

  await server.restart();
  // And its producer has found out: nobody else knows of the task until it is begun anew.
  await untilBack(instances.open({ url: server.url, keyPrefix: home.keyPrefix }), taskId);
  isUp.resolve();
  await reading;
  expect(chunksIn(rest.slice(rest.indexOf('id: '))).at(-1)).toEqual({ type: 'finish' });
  expect(await task.result).toBe('done');
  const log = (await readLog(home.context, taskId)).map((frame) => JSON.parse(frame));
  // What had not been stored yet goes into the new log.
  expect(await expectAccepted(log)).toEqual([expect.stringMatching(/^(begin)?$/), 'end']);
  expect(gapCausesIn(log)).toEqual(['storage-lost', 'storage-away']);
  expect(JSON.stringify(log).length).toBeLessThan(2 * mebibyte);
});

/** Bytes of the heap, without garbage. */
function heapInUse(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

// R-SETTLE-1
it('settles here after the grace period while Redis is away, and there when it is back', () =>
  withEachClient(async (kind) => {
    const settle = async (goAway: (server: RedisServer) => Promise<void>, isLost: boolean) => {
      const server = await startServer({ persistent: !isLost });
      const home = instances.open({ url: server.url, kind });
      const elsewhere = instances.open({ url: server.url, kind, keyPrefix: home.keyPrefix });
      const graceMs = 1_500;
      const phases = startPhases(home.context, { heartbeatMs: 2_000, graceMs });
      const { taskId, gates, task } = phases;
      const first = readWrites(await task.toResponse());
      await first.until('one ');
      await goAway(server);
      // Before the grace begins, however late its response is read.
      const startedAt = performance.now();
      for (const gate of gates) gate.resolve();
      await first.until('four');
      const text = await first.rest();
      expect(performance.now() - startedAt).toBeGreaterThan(graceMs - 100);
      expect(await task.result).toBe('done');
      expect(await expectAccepted(storedChunksIn(text))).toEqual(['one two three four']);
      expect(typesIn(text).slice(-3)).toEqual(['data-task', 'data-task-settle', 'finish']);

      server.resume();
      if (!(await isAnswering(server))) await server.restart();
      await until(async () => {
        const record = await elsewhere.context.inspect(taskId).catch(() => undefined);
        return record?.status === 'completed';
      });
      const log = (await readLog(elsewhere.context, taskId)).map((frame) => JSON.parse(frame));
      // What waited is not lost with the log.
      if (isLost) expect((await expectAccepted(log)).at(-1)).toMatch(/two three four$/);
      else expect(log).toEqual(storedChunksIn(text));
      expect(log.slice(-2)).toEqual(storedChunksIn(text).slice(-2));
    };
    await Promise.all([
      settle((server) => server.kill(), true),
      settle((server) => server.kill(), false),
      settle((server) => server.pause(), false),
    ]);
  }));

/** Whether the server's process is there; one that was killed is not. */
async function isAnswering({ pid }: RedisServer): Promise<boolean> {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('refuses to start a task while Redis is away, in good time, unless it may run without', () =>
  withEachClient(async (kind) => {
    const gone = await startServer();
    const still = await startServer();
    const full = await startServer();
    const contexts = [gone, still, full].map(({ url }) =>
      instances.open({ url, kind, commandTimeoutMs: 1_000 }),
    );
    const [, , warm] = contexts;
    // One that has worked before.
    await warm?.context.inspect(createId());
    await Promise.all([gone.kill(), still.pause(), full.kill()]);

    const start = async (instance: (typeof contexts)[number]) => {
      let runs = 0;
      const reported: unknown[] = [];
      const options = {
        streamContext: instance.context,
        execute: () => {
          runs += 1;
          return 'ran';
        },
        onError: (error: unknown) => reported.push(error),
      };
      const startedAt = performance.now();
      const refused = streamTask(options);
      const response = await refused.toResponse();
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ error: { code: 'context-unavailable' } });
      await expect(refused.result).rejects.toMatchObject({ code: 'context-unavailable' });
      expect(runs).toBe(0);
      expect(reported).toHaveLength(1);

      const run = streamTask({ ...options, whenUnavailable: 'run' });
      const text = await (await run.toResponse()).text();
      expect(typesIn(text).slice(-2)).toEqual(['data-task-settle', 'finish']);
      expect(await run.result).toBe('ran');
      expect(runs).toBe(1);
      expect(instance.errors).toHaveLength(1);
      expect(instance.errors[0]).toMatchObject({ code: 'context-unavailable', retryable: true });
    };
    await Promise.all(contexts.map(start));

    // And starts tasks again as soon as it is back.
    await Promise.all([gone.restart(), full.restart()]);
    still.resume();
    for (const { context } of contexts) {
      await until(async () => {
        const task = streamTask({ streamContext: context, execute: () => 'ran', onError() {} });
        return (await task.result.catch(() => undefined)) === 'ran';
      });
    }
  }));
