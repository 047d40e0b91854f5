import { randomUUID } from 'node:crypto';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import {
  type ResumableStreamContext,
  resumeTask,
  streamTask,
  type TaskSettleEvent,
  type TaskStreamContext,
  toResumableStreamContext,
} from 'ai-task-stream/server';
import { testStreamContext } from 'ai-task-stream/testing';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { createResumableStreamContext } from 'resumable-stream';
import { createResumableStreamContext as createIoredisContext } from 'resumable-stream/ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { toTaskStreamContext } from '../../src/server/to-task-stream-context';
import { liveOnly } from '../contract/live-only';
import { createDeferred, turns, until } from '../helpers/async';
import { sharedRedisUrl, startRedis } from '../helpers/redis-server';
import {
  cursorsIn,
  readWrites,
  storedChunksIn,
  textAfter,
  typesIn,
  withoutHeartbeats,
} from '../helpers/sse';
import { createId, follow } from '../helpers/tasks';

/** What tests have opened, closed after each. */
const cleanups: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

async function connectNodeRedis(url: string) {
  const client = createClient({ url });
  client.on('error', () => {
    // Told by the commands that fail.
  });
  await client.connect();
  cleanups.push(() => client.destroy());
  return client;
}

function connectIoredis(url: string): Redis {
  const client = new Redis(url);
  client.on('error', () => {
    // As above.
  });
  cleanups.push(() => client.disconnect());
  return client;
}

const kinds = [
  {
    kind: 'resumable-stream',
    connect: async (url: string, keyPrefix: string): Promise<ResumableStreamContext> =>
      createResumableStreamContext({
        keyPrefix,
        waitUntil: () => {},
        publisher: await connectNodeRedis(url),
        subscriber: await connectNodeRedis(url),
      }),
  },
  {
    kind: 'resumable-stream/ioredis',
    connect: async (url: string, keyPrefix: string): Promise<ResumableStreamContext> =>
      createIoredisContext({
        keyPrefix,
        waitUntil: () => {},
        publisher: connectIoredis(url),
        subscriber: connectIoredis(url),
      }),
  },
];

describe.each(kinds)('with `$kind`', ({ connect }) => {
  const keyPrefix = randomUUID();
  const createInstance = (url = sharedRedisUrl()) => connect(url, keyPrefix);

  testStreamContext(() => createInstance(), {
    ...{
      describe,
      it,
      name: 'A wrapped context',
      without: [...liveOnly, 'the time of this process'],
    },
  });

  it('a task is followed on another instance, cut, and followed from the cursor', async () => {
    const here = await createInstance();
    const elsewhere = await createInstance();
    const taskId = createId();
    const gate = createDeferred();
    const task = streamTask({
      taskId,
      streamContext: here,
      execute: async ({ writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        for (let n = 0; n < 500; n++) {
          writer.write({ type: 'text-delta', id: 't', delta: `Grüße 漢字 😀 ${n} ` });
          if (n % 50 === 0) await turns();
        }
        await gate.promise;
        for (let n = 500; n < 1_000; n++) {
          writer.write({ type: 'text-delta', id: 't', delta: `Grüße 漢字 😀 ${n} ` });
          if (n % 50 === 0) await turns();
        }
        writer.write({ type: 'text-end', id: 't' });
        return 'done';
      },
    });
    const own = (await task.toResponse()).text();
    const first = readWrites(await follow(toTaskStreamContext(elsewhere), taskId));
    const cut = await first.until('😀 499 ');
    await first.leave();
    const cursor = cursorsIn(cut.slice(0, cut.lastIndexOf('\n\n') + 2)).at(-1) ?? '';
    const second = await follow(toTaskStreamContext(elsewhere), taskId, cursor);
    const rest = second.text();
    gate.resolve();
    const expected = textAfter(withoutHeartbeats(await own), cursor);
    expect(withoutHeartbeats(await rest).replace('retry: 1000\n\n', '')).toBe(expected);
    await expect(task.result).resolves.toBe('done');
    for (const streamContext of [here, elsewhere]) {
      expect((await resumeTask({ taskId, streamContext }).toResponse()).status).toBe(204);
    }
  });

  it('the message of a chat is saved whole, and called as on the page, every time', async () => {
    for (let attempt = 0; attempt < 6; attempt++) {
      const streamContext = await createInstance();
      const told = createDeferred<TaskSettleEvent<unknown>>();
      const reported: unknown[] = [];
      const task = streamTask({
        streamContext,
        chatId: createId(),
        messageId: 'answer',
        execute: ({ writer }) => {
          writer.write({ type: 'text-start', id: 't' });
          for (let n = 0; n < 100; n++) writer.write({ type: 'text-delta', id: 't', delta: 'x' });
        },
        onError: (error) => void reported.push(error),
        onSettle: told.resolve,
      });
      const text = await (await task.toResponse()).text();
      expect(storedChunksIn(text)[0]).toEqual({ type: 'start', messageId: 'answer' });
      const { message, messages } = await told.promise;
      expect(message).toMatchObject({ id: 'answer', role: 'assistant' });
      expect(message?.parts[1]).toMatchObject({ type: 'text', text: 'x'.repeat(100) });
      expect(messages).toEqual([message]);
      expect(reported).toEqual([]);
    }
  });

  it('a task is refused while Redis does not answer, and runs on the next attempt', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const here = await createInstance(server.url);
    const taskId = createId();
    let runs = 0;
    const execute = () => ++runs;
    await server.pause();
    const refused = await streamTask({
      taskId,
      streamContext: here,
      execute,
      onError: () => {},
    }).toResponse();
    expect(refused.status).toBe(503);
    expect(runs).toBe(0);
    server.resume();
    const task = streamTask({ taskId, streamContext: here, execute });
    await expect(task.result).resolves.toBe(1);
    expect(typesIn(await (await task.toResponse()).text())).toContain('data-task-settle');
  });

  it('a task ends well although Redis stops answering in its midst', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const here = await createInstance(server.url);
    const elsewhere = await createInstance(server.url);
    const taskId = createId();
    const gate = createDeferred();
    const task = streamTask({
      taskId,
      streamContext: here,
      heartbeatMs: 500,
      graceMs: 500,
      execute: async ({ task: reporter }) => {
        await gate.promise;
        for (let n = 0; n < 100; n++) reporter.log(`line ${n}`);
      },
    });
    const own = (await task.toResponse()).text();
    const other = readWrites(await follow(toTaskStreamContext(elsewhere), taskId));
    await other.until('"running"');
    await server.pause();
    gate.resolve();
    expect(typesIn(await own).at(-1)).toBe('finish');
    await expect(task.result).resolves.toBeUndefined();
    await expect(other.rest()).rejects.toMatchObject({ code: 'lost' });
    server.resume();
    // What waited goes out once Redis answers, and with it the end.
    const streamContext = elsewhere;
    await until(
      async () => (await resumeTask({ taskId, streamContext }).toResponse()).status === 204,
    );
  });
});

describe('a Redis context with the interface of `resumable-stream`', () => {
  const keyPrefix = randomUUID();
  const createInstance = (): TaskStreamContext => {
    const context = createRedisStreamContext({ url: sharedRedisUrl(), keyPrefix });
    cleanups.push(() => context.close());
    return context;
  };

  async function readAll(stream: ReadableStream<string> | null | undefined): Promise<string> {
    if (!stream) throw new Error(`There is no stream, but ${stream}.`);
    let text = '';
    for await (const piece of stream) text += piece;
    return text;
  }

  it('gives the same strings on every instance, during and after the stream', async () => {
    const here = toResumableStreamContext(createInstance());
    const elsewhere = toResumableStreamContext(createInstance(), { replayAfterEnd: true });
    const streamId = `chat/${randomUUID()}`;
    const gate = createDeferred();
    const strings = Array.from({ length: 2_000 }, (_, n) => `data: ${n} Grüße 漢字 😀\n\n`);
    strings.push('x'.repeat(3_000_000), '\ud83d', '\ude00 \udc00');
    const whole = strings.join('');
    const makeStream = () =>
      new ReadableStream<string>({
        async pull(controller) {
          const next = strings.shift();
          if (next === undefined) return controller.close();
          if (strings.length === 1_000) await gate.promise;
          controller.enqueue(next);
        },
      });
    const own = await here.createNewResumableStream(streamId, makeStream);
    expect(await elsewhere.hasExistingStream(streamId)).toBe(true);
    const resumed = readAll(await elsewhere.resumeExistingStream(streamId));
    const skipped = readAll(await elsewhere.resumableStream(streamId, makeStream, 101));
    gate.resolve();
    const isSame = (text: string, start = 0) => text === whole.slice(start);
    expect(isSame(await readAll(own))).toBe(true);
    expect(isSame(await resumed)).toBe(true);
    expect(isSame(await skipped, 101)).toBe(true);
    await until(async () => (await here.hasExistingStream(streamId)) === 'DONE');
    expect(await here.resumeExistingStream(streamId)).toBe(null);
    const again = await readAll(await elsewhere.resumeExistingStream(streamId, 1_000_000));
    expect(isSame(again, 1_000_000)).toBe(true);
  });

  it('creates a stream once, on whichever instance', async () => {
    const contexts = [createInstance(), createInstance()].map((context) =>
      toResumableStreamContext(context, { replayAfterEnd: true }),
    );
    const streamId = randomUUID();
    let sources = 0;
    const makeStream = () => {
      sources++;
      return new ReadableStream<string>({
        start(controller) {
          controller.enqueue('once');
          controller.close();
        },
      });
    };
    const streams = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        contexts[index % 2]?.resumableStream(streamId, makeStream),
      ),
    );
    expect(await Promise.all(streams.map(readAll))).toEqual(streams.map(() => 'once'));
    expect(sources).toBe(1);
  });
});
