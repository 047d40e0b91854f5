import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/testing/random';
import { until } from '../helpers/async';
import { digestOf, digestOfChunks, numberedChunk, numberedChunks } from '../helpers/numbered-log';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { type RedisServer, startRedis } from '../helpers/redis-server';
import { type Instance, type RemoteContext, spawnInstance } from '../helpers/spawn-instance';

const keyPrefix = 'readers';

let server: RedisServer;
let admin: RedisAdmin;
/** Runs tasks. */
let writing: Instance;
/** Reads them. */
let reading: Instance;
let cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startRedis();
  [admin, writing, reading] = await Promise.all([
    connectAdmin(server.url),
    spawnInstance(),
    spawnInstance(),
  ]);
});

afterAll(async () => {
  await Promise.all([writing.kill(), reading.kill()]);
  admin.close();
  await server.stop();
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

async function connect(
  instance: Instance,
  options: Partial<Parameters<Instance['connect']>[0]> = {},
): Promise<RemoteContext> {
  const context = await instance.connect({ url: server.url, keyPrefix, ...options });
  cleanups.push(() => context.close());
  return context;
}

async function connectByProxy(
  instance: Instance,
): Promise<{ context: RemoteContext; proxy: FaultProxy }> {
  const proxy = await startFaultProxy(server.url);
  cleanups.push(() => closeProxy(proxy));
  return { context: await connect(instance, { url: proxy.url }), proxy };
}

/** After the contexts that went through it, whose connections end by themselves. */
async function closeProxy(proxy: FaultProxy): Promise<void> {
  await until(() => proxy.connectionCount === 0);
  await proxy.close();
}

describe('readers in another process', () => {
  /** A task whose chunks come a few at a time, and its reader elsewhere. */
  const run = async (
    writer: RemoteContext,
    context: RemoteContext,
    heartbeatMs: number,
    onWritten?: (follower: number, count: number) => Promise<void>,
  ) => {
    const taskId = randomUUID();
    await writer.open(taskId, { leaseMs: 2 * heartbeatMs });
    const follower = await context.follow(taskId);
    const expected = [numberedChunk(0)];
    // Some go with the wake-up, some are too large for that.
    for (const padding of [0, 400, 4_000, 0, 2_300, 4_000, 10, 2_300, 400]) {
      const options = { start: expected.length, end: expected.length + 30, padding };
      expected.push(...numberedChunks(options.start, options.end, padding));
      await writer.write(taskId, { ...options, perTurn: 7, pauseMs: 40 });
      await onWritten?.(follower, expected.length);
    }
    expected.push(numberedChunk(expected.length));
    expect(await writer.settle(taskId, expected.length - 1)).toBe(true);
    const received = await context.ended(follower);
    expect(received).toMatchObject({ count: expected.length, gaps: [] });
    expect(received.digest).toBe(digestOfChunks(expected));
  };

  it('end with the exact log, whatever becomes of wake-ups and connections', async () => {
    const writer = await connect(writing);
    const random = createRandom(1);
    const delayed = await connectByProxy(reading);
    delayed.proxy.treatMessages(() => ({ delayMs: Math.floor(random() * 80) }));
    const doubled = await connectByProxy(reading);
    const messageSizes: number[] = [];
    doubled.proxy.treatMessages(({ payload }) => {
      messageSizes.push(Buffer.byteLength(payload));
      return 'duplicate';
    });
    const thinned = await connectByProxy(reading);
    thinned.proxy.treatMessages(() => (random() < 0.5 ? 'drop' : 'pass'));
    const cut = await connectByProxy(reading);
    let isOver = false;
    const cutting = async () => {
      while (!isOver) {
        await pause(150);
        cut.proxy.cut();
        // The subscribers of all readers, and of the producer.
        await admin.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
      }
    };
    const contexts = [delayed, doubled, thinned, cut].map(({ context }) => context);
    const running = Promise.all(contexts.map((context) => run(writer, context, 400)));
    const cuts = cutting();
    await running;
    isOver = true;
    await cuts;
    const largest = Math.max(...messageSizes);
    expect(largest).toBeGreaterThan(2 * 1024);
    expect(largest).toBeLessThan(16 * 1024 + 100);
  });

  // R-WAKE-1
  it('have each frame at most one heartbeat late when every wake-up is lost', async () => {
    const { context: writer, proxy: writerProxy } = await connectByProxy(writing);
    const { context, proxy } = await connectByProxy(reading);
    proxy.treatMessages('drop');
    await run(writer, context, 500, async (follower, count) => {
      // The producer, which is silent now, renews its lease once in a heartbeat.
      const heartbeats = writerProxy.tally(() => true);
      await context.received(follower, count);
      expect(heartbeats()).toBeLessThanOrEqual(2);
    });
    expect(proxy.messageCount).toBeGreaterThan(0);
  });

  it('miss nothing and get nothing twice, from whichever cursor and moment on', async () => {
    const writer = await connect(writing);
    const elsewhere = await connect(reading);
    const taskId = randomUUID();
    await writer.open(taskId);
    const last = 20_000;
    const random = createRandom(2);
    const written = writer.write(taskId, { start: 1, end: last, perTurn: 23 });
    let isWritten = false;
    written.then(() => {
      isWritten = true;
    });
    const followers: { context: RemoteContext; start: number; follower: number }[] = [];
    while (!isWritten || followers.length < 40) {
      const context = random() < 0.3 ? writer : elsewhere;
      const { cursor = '' } = (await context.inspect(taskId)) ?? {};
      const start = Math.floor(random() * Number(cursor.split('-')[1]));
      const from = start === 0 ? undefined : `0-${start - 1}`;
      followers.push({ context, start, follower: await context.follow(taskId, { cursor: from }) });
    }
    await written;
    await writer.settle(taskId, last);
    for (const { context, start, follower } of followers) {
      const received = await context.ended(follower);
      expect(received).toMatchObject({ count: last + 1 - start, gaps: [], cursor: `0-${last}` });
      expect(received.digest).toBe(digestOf(start, last + 1));
    }
  });
});

describe('a reader that stays behind', () => {
  it('costs neither other readers nor Redis anything, and gets all of it in the end', async () => {
    const frameCount = 1_200;
    const padding = 30_000;
    const maxLogBytes = 64 * 1024 * 1024;
    const writerProxy = await startFaultProxy(server.url);
    cleanups.push(() => closeProxy(writerProxy));
    const callSizes: number[] = [];
    writerProxy.tally(([, ...args]) => {
      callSizes.push(args.reduce((sum, { length }) => sum + length, 0));
      return false;
    });
    const writer = await connect(writing, { url: writerProxy.url, maxLogBytes });
    const other = await connect(writing);
    const { context: away, proxy } = await connectByProxy(reading);
    const here = await connect(reading);
    const stopped = await spawnInstance();
    cleanups.push(() => stopped.kill());
    const paused = await stopped.connect({ url: server.url, keyPrefix });

    const [large, small] = [randomUUID(), randomUUID()];
    await writer.open(large, { leaseMs: 4_000 });
    await other.open(small, { leaseMs: 4_000 });
    const followers = await Promise.all([
      away.follow(large),
      paused.follow(large),
      here.follow(large),
      here.follow(small),
      paused.follow(small),
    ]);
    await here.stall(large);
    await here.stall(small);
    const memoryBefore = await here.memory();

    // One has no connection for a while, and one does nothing any more.
    proxy.refuse();
    proxy.cut();
    await stopped.process.pause();
    let isOver = false;
    let largestBuffer = 0;
    let largestMemory = 0;
    const watch = async () => {
      while (!isOver) {
        for (const client of await admin.clients()) {
          if (client.get('sub') !== '0') {
            largestBuffer = Math.max(largestBuffer, Number(client.get('omem')));
          }
        }
        await pause(50);
        largestMemory = Math.max(largestMemory, await here.memory());
      }
    };
    const watchingAll = watch();
    const written = writer.write(large, { start: 1, end: frameCount, padding, perTurn: 5 });
    let smallEnd = 1;
    let hasCaughtUp = false;
    const ticking = async () => {
      while (!hasCaughtUp || smallEnd < 50) {
        const options = { start: smallEnd, end: smallEnd + 1, padding: 8_000, pauseMs: 10 };
        await other.write(small, options);
        smallEnd += 1;
        // Each has come before the next is written.
        await here.received(followers[3]!, smallEnd);
      }
    };
    const ticks = ticking();
    await written;
    await here.received(followers[2]!, frameCount);
    // Two readers are behind all the while.
    await until(() => smallEnd > 20);
    await proxy.accept();
    await away.received(followers[0]!, frameCount);
    hasCaughtUp = true;
    await ticks;
    await other.settle(small, smallEnd);
    const smallReading = await here.ended(followers[3]!);
    const smallChunks = [...numberedChunks(1, smallEnd, 8_000), numberedChunk(smallEnd)];
    const smallDigest = digestOfChunks([numberedChunk(0), ...smallChunks]);
    expect(smallReading.digest).toBe(smallDigest);

    isOver = true;
    await watchingAll;
    stopped.process.resume();
    expect((await paused.ended(followers[4]!)).digest).toBe(smallDigest);
    await writer.settle(large, frameCount);
    const expected = digestOfChunks([
      numberedChunk(0),
      ...numberedChunks(1, frameCount, padding),
      numberedChunk(frameCount),
    ]);
    const readers = [away, paused, here];
    for (const [index, context] of readers.entries()) {
      const received = await context.ended(followers[index]!);
      expect(received).toMatchObject({ count: frameCount + 1, gaps: [] });
      expect(received.digest).toBe(expected);
    }

    const entries = await admin.entries(`${keyPrefix}:{${large}}:f`);
    const sizes = entries.map(([, fields]) => Buffer.byteLength(fields[3]!));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(32 * 1024 * 1024);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024);
    expect(Math.max(...callSizes)).toBeLessThan((256 + 64 + 4) * 1024);
    // The limit beyond which Redis may disconnect a subscriber.
    expect(largestBuffer).toBeLessThan(8 * 1024 * 1024);
    expect(largestMemory - memoryBefore).toBeLessThan(24 * 1024 * 1024);
  });
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
