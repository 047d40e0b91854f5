import { randomUUID } from 'node:crypto';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { resumeTask, type TaskSettleEvent, type TaskStreamContext } from 'ai-task-stream/server';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { until } from './async';
import { sharedRedisUrl } from './redis-server';
import { type StartedTask, spawnTaskServer, type TaskServer } from './task-server';
import { createId } from './tasks';

const heartbeatMs = 2_500;

const text = { type: 'text', text: 'the answer', state: 'done' };

/** What `onSettle` is told of a task that completed in a process which is gone. */
export function completed(taskId: string, chatId: string) {
  return {
    status: 'completed',
    chatId,
    isStored: true,
    isRecovered: true,
    message: { id: taskId, parts: expect.arrayContaining([expect.objectContaining(text)]) },
  };
}

/** Processes that run tasks and save their outcomes, over one Redis; for the tests of one file. */
export function setUpSaving() {
  const url = sharedRedisUrl();
  const keyPrefix = `saving-${randomUUID()}`;
  let context: TaskStreamContext;
  let first: TaskServer;
  let second: TaskServer;
  let spawned: TaskServer[];

  beforeAll(async () => {
    [first, second] = await Promise.all([
      spawnTaskServer({ url, keyPrefix }),
      spawnTaskServer({ url, keyPrefix }),
    ]);
  });

  afterAll(() => Promise.all([first, second].map((server) => server.kill())));

  beforeEach(() => {
    context = createRedisStreamContext({ url, keyPrefix });
    spawned = [];
  });

  afterEach(async () => {
    await Promise.all([context.close(), ...spawned.map((server) => server.kill())]);
  });

  return {
    url,
    keyPrefix,
    heartbeatMs,
    text,
    /** The stream context of the test process. */
    get context() {
      return context;
    },
    /** A server that follows tasks, as `second` does, and saves outcomes that others could not. */
    get first() {
      return first;
    },
    get second() {
      return second;
    },
    /** Starts one more server, which is killed after the test. */
    async spawnServer(at = url): Promise<TaskServer> {
      const server = await spawnTaskServer({ url: at, keyPrefix });
      spawned.push(server);
      return server;
    },
    /** Starts a task of a chat that writes what it is told. */
    async begin(server: TaskServer, options: Partial<StartedTask> = {}) {
      const [taskId, chatId] = [createId(), createId()];
      const started = server.start({ taskId, chatId, heartbeatMs, work: 'obey', ...options });
      expect(await started.when('started')).toBe(200);
      const stored = async () => (await context.inspect(taskId))?.cursor;
      const before = await stored();
      started.tell({ text: 'the answer' });
      await started.when('wrote 1');
      // After this commit Redis knows the script; only the first commit sends the script's text.
      await until(async () => (await stored()) !== before);
      return { taskId, chatId, started };
    },
    isUnsaved: async (taskId: string) => (await context.inspect(taskId))?.isUnsaved === true,
    /** What `onSettle` of somebody who resumes the task now is told, until nothing is left to tell. */
    async recover(
      taskId: string,
      onError: (error: unknown) => void = (error) => expect.unreachable(String(error)),
    ): Promise<TaskSettleEvent<unknown>[]> {
      const told: TaskSettleEvent<unknown>[] = [];
      let delivering: Promise<unknown> | undefined;
      const response = await resumeTask({
        taskId,
        streamContext: context,
        onSettle: (event) => void told.push(event),
        onError,
        waitUntil(promise) {
          delivering = promise;
        },
      }).toResponse();
      await response.body?.cancel();
      await delivering;
      return told;
    },
  };
}
