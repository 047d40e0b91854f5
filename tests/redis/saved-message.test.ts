import { type StreamTaskOptions, streamTask, type TaskSettleEvent } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import { createDeferred, until } from '../helpers/async';
import { setUpOwnServers } from '../helpers/own-redis';
import { connectAdmin } from '../helpers/redis-admin';
import type { RedisInstance } from '../helpers/redis-contexts';
import { createId } from '../helpers/tasks';

const { instances, startServer } = setUpOwnServers();

const word = 'twenty characters... ';
const count = 1_000;

/** Runs a chat's task that writes a thousand words, with something happening in its middle. */
async function saveAfter(
  { context }: Pick<RedisInstance, 'context'>,
  happens: () => Promise<void> | void,
  options: Partial<StreamTaskOptions<undefined, unknown, never, unknown>> = {},
) {
  const reported: unknown[] = [];
  const told = createDeferred<TaskSettleEvent<unknown>>();
  const task = streamTask({
    taskId: createId(),
    streamContext: context,
    chatId: createId(),
    messageId: 'answer',
    heartbeatMs: 300,
    onError: (error) => void reported.push(error),
    onSettle: told.resolve,
    execute: async ({ writer }) => {
      writer.write({ type: 'text-start', id: 't' });
      for (let n = 0; n < count; n++) {
        if (n === count / 2) await happens();
        writer.write({ type: 'text-delta', id: 't', delta: word });
      }
      writer.write({ type: 'text-end', id: 't' });
    },
    ...options,
  });
  const event = await told.promise;
  return { event, reported, taskId: task.taskId };
}

/** The whole, though the storage has not got it. */
function expectWhole({ event, reported }: Awaited<ReturnType<typeof saveAfter>>): void {
  expect(reported).toEqual([]);
  expect(event).toMatchObject({ status: 'completed', message: { id: 'answer' } });
  expect(event.message?.parts.map(({ type }) => type)).toEqual([
    'data-task',
    'text',
    'data-task-settle',
  ]);
  const text = event.message?.parts.find(({ type }) => type === 'text');
  expect(text).toMatchObject({ text: word.repeat(count), state: 'done' });
  expect(event.messages).toEqual([event.message]);
}

it('is saved whole when Redis was emptied in the middle', async () => {
  const server = await startServer();
  const admin = await connectAdmin(server.url);
  const home = instances.open({ url: server.url });
  const saved = await saveAfter(home, async () => {
    await admin.send('FLUSHALL');
  });
  admin.close();
  expectWhole(saved);
});

it('is saved whole when Redis was killed in the middle and came back without its data', async () => {
  const server = await startServer();
  const home = instances.open({ url: server.url });
  const saved = await saveAfter(home, async () => {
    await server.kill();
    await server.restart();
  });
  expectWhole(saved);
});

it('is saved whole when Redis is away at the end, for longer than the grace', async () => {
  const server = await startServer();
  const home = instances.open({ url: server.url });
  const saved = await saveAfter(home, () => server.pause(), { graceMs: 200 });
  expectWhole(saved);
});

it.each([
  { what: 'the log is full', limits: { maxLogBytes: 2_000 } },
  { what: 'the log is full of one frame', limits: { maxLogBytes: 200, maxFrameBytes: 1_000 } },
])('is saved whole when $what', async ({ limits }) => {
  const server = await startServer();
  const home = instances.open({ url: server.url, ...limits });
  expectWhole(await saveAfter(home, () => {}));
});

it('is saved whole when more waits for Redis than may wait', async () => {
  const server = await startServer();
  const home = instances.open({ url: server.url, maxUnflushedBytes: 4_096, maxFrameBytes: 1_024 });
  const saved = await saveAfter(home, () => server.pause(), { graceMs: 200 });
  expectWhole(saved);
  server.resume();
  await until(async () => (await home.context.inspect(saved.taskId)) !== undefined);
});
