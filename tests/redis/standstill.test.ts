import { setTimeout as sleep } from 'node:timers/promises';
import type { UIMessageChunk } from 'ai';
import { streamTask } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import { createDeferred, until } from '../helpers/async';
import { relative } from '../helpers/cursors';
import { setUpOwnServers } from '../helpers/own-redis';
import { expectAccepted, gapCausesIn, withEachClient } from '../helpers/redis-contexts';
import { readWrites, storedChunksIn } from '../helpers/sse';
import { createId, follow, readLog } from '../helpers/tasks';
import { delta, startPhases, toolInput } from './phases';

const { instances, startServer } = setUpOwnServers();

// R-STORE-1, R-STORE-2
it('slows merged streams down first while Redis stands still, and then drops', () =>
  withEachClient(async (kind) => {
    const server = await startServer();
    const home = instances.open({ url: server.url, kind, maxUnflushedBytes: 256 * 1024 });
    const elsewhere = instances.open({ url: server.url, kind, keyPrefix: home.keyPrefix });
    const taskId = createId();
    const size = 8 * 1024 * 1024;
    const piece = 'x'.repeat(8 * 1024);
    const isPaused = createDeferred();
    const isMerged = createDeferred();
    const isResumed = createDeferred();
    const pulledAt: number[] = [];
    const source = new ReadableStream<UIMessageChunk>({
      start(controller) {
        controller.enqueue({ type: 'text-start', id: 't' });
        controller.enqueue(toolInput);
      },
      pull(controller) {
        pulledAt.push(performance.now());
        if (pulledAt.length === 500) {
          controller.enqueue({ type: 'tool-output-available', toolCallId: 'call', output: 1 });
        }
        if (pulledAt.length * piece.length > size) {
          controller.close();
          isMerged.resolve();
        } else controller.enqueue(delta(piece));
      },
    });
    const task = streamTask({
      streamContext: home.context,
      taskId,
      heartbeatMs: 5_000,
      execute: async ({ writer }) => {
        await isPaused.promise;
        writer.merge(source);
        await isResumed.promise;
        writer.write(delta('end'));
      },
    });
    const first = readWrites(await task.toResponse());
    const record = await elsewhere.context.inspect(taskId);
    const epoch = Number(record?.cursor.split('-')[0]);
    await server.pause();
    isPaused.resolve();
    const text = first.rest();
    await isMerged.promise;
    // It waited for what was written before, and not for ever.
    const waits = pulledAt.map((at, n) => at - (pulledAt[n - 1] ?? at));
    const leastBytes = 100 * 1024;
    const firstLong = waits.findIndex((ms, n) => ms > 500 && n * piece.length > leastBytes);
    expect(firstLong).toBeGreaterThan(0);
    expect(firstLong * piece.length).toBeLessThan(512 * 1024);

    server.resume();
    await until(async () => {
      const [end = ''] = relative([(await elsewhere.context.inspect(taskId))?.cursor ?? ''], epoch);
      return end.startsWith('1-');
    });
    isResumed.resolve();
    const chunks = storedChunksIn(await text);
    const [whole] = await expectAccepted(chunks);
    expect(whole?.length).toBeGreaterThanOrEqual(size - piece.length);
    expect(whole?.endsWith('xend')).toBe(true);

    const log = (await readLog(elsewhere.context, taskId)).map((frame) => JSON.parse(frame));
    expect(gapCausesIn(log)).toEqual(['storage-away']);
    const [kept] = await expectAccepted(log);
    expect(kept?.length).toBeLessThan(1024 * 1024);
    expect(kept?.endsWith('xend')).toBe(true);
    const call = log.find(({ type }) => type.startsWith('tool-output'));
    expect(call).toMatchObject({ type: 'tool-output-error', toolCallId: 'call' });
    // It is told from every cursor before the next epoch, and what follows is the same.
    const end = `${JSON.stringify(log.at(-1))}\n\ndata: [DONE]\n\n`;
    for (const n of [0, 10, 500, 1_000, 100_000]) {
      const replay = await (await follow(elsewhere.context, taskId, `${epoch}-${n}`)).text();
      expect(gapCausesIn(storedChunksIn(replay))).toEqual(['storage-away']);
      expect(replay.endsWith(end)).toBe(true);
      expect(/id: (\d+-\d+)\ndata: [^\n]*"code":"gap"/.exec(replay)?.[1]).toBe(`${epoch + 1}-1`);
    }
    const behind = await (await follow(elsewhere.context, taskId, `${epoch + 1}-1`)).text();
    expect(gapCausesIn(storedChunksIn(behind))).toEqual([]);
    expect(behind.endsWith(end)).toBe(true);
  }));

// R-FENCE-1
it('lets nobody close a healthy task while Redis stands still for longer than its lease', () =>
  withEachClient(async (kind) => {
    const heartbeatMs = 500;
    const standStill = async (commandTimeoutMs: number) => {
      const server = await startServer();
      const options = { url: server.url, kind, commandTimeoutMs };
      const home = instances.open(options);
      const others = [1, 2, 3].map(() => instances.open({ ...options, keyPrefix: home.keyPrefix }));
      const { taskId, gates, task } = startPhases(home.context, { heartbeatMs });
      const first = readWrites(await task.toResponse());
      await first.until('one ');
      const readers = await Promise.all(
        others.map(async ({ context }) => readWrites(await follow(context, taskId))),
      );
      await Promise.all(readers.map((reader) => reader.until('one ')));
      await server.pause();
      gates[0]?.resolve();
      await first.until('two ');
      // Three leases.
      await sleep(6 * heartbeatMs);
      server.resume();
      await Promise.all(readers.map((reader) => reader.until('two ')));
      for (const gate of gates) gate.resolve();
      const texts = await Promise.all([first, ...readers].map((reader) => reader.rest()));
      expect(await task.result).toBe('done');
      for (const text of texts) {
        expect(storedChunksIn(text)).toEqual(storedChunksIn(texts[0] ?? ''));
        expect(text).not.toContain('"lost"');
      }
      expect((await home.context.inspect(taskId))?.status).toBe('completed');
    };
    // With a short timeout connections are given up meanwhile.
    await Promise.all([standStill(5_000), standStill(800)]);
  }));
