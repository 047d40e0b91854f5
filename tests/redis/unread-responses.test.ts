import { createRedisStreamContext } from 'ai-task-stream/redis';
import { resumeTask, streamTask } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import { createDeferred, until } from '../helpers/async';
import { countReaders } from '../helpers/count-readers';
import { setUpOwnRedis } from '../helpers/own-redis';
import { storedChunksIn } from '../helpers/sse';
import { createId } from '../helpers/tasks';

const redis = setUpOwnRedis();
const heartbeatMs = 200;

it('responses that nobody reads hold no reader for long, and lose nothing when they are read', async () => {
  const { url } = redis.server;
  const writing = createRedisStreamContext({ url });
  const redisContext = createRedisStreamContext({ url });
  const { streamContext: reading, open, opened } = countReaders(redisContext);
  const gate = createDeferred();
  const tasks = Array.from({ length: 20 }, () =>
    streamTask({
      taskId: createId(),
      streamContext: writing,
      heartbeatMs,
      async execute({ writer }) {
        for (let n = 0; n < 20; n++) writer.write({ type: 'data-n', data: 'x'.repeat(1_000) });
        await gate.promise;
        writer.write({ type: 'data-n', data: 'the rest' });
      },
    }),
  );
  const follow = (taskId: string) =>
    resumeTask({ taskId, streamContext: reading, heartbeatMs }).toResponse();
  for (const { taskId } of tasks) {
    await until(async () => (await reading.inspect(taskId)) !== undefined);
  }
  const unread = await Promise.all(tasks.map(({ taskId }) => follow(taskId)));
  // One that was read from once, and then no more.
  const left = (await follow(tasks[0]?.taskId ?? '')).body?.getReader();
  await left?.read();
  await left?.read();
  expect(opened()).toBeGreaterThan(tasks.length);
  await until(() => open.size === 0);

  gate.resolve();
  for (const task of tasks) await task.consume();
  for (const [n, response] of unread.entries()) {
    const text = await response.text();
    const whole = await (await follow(tasks[n]?.taskId ?? '')).text();
    expect(storedChunksIn(text)).toEqual(storedChunksIn(whole));
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  }
  await left?.cancel();
  await writing.close();
  await reading.close();
});
