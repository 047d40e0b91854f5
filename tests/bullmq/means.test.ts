// What BullMQ itself does for tasks: order, delays, limits, schedules, and classes of one's own.

import { createTaskQueue } from 'ai-task-stream/bullmq';
import { createMemoryStreamContext, createTaskRoute, defineTask } from 'ai-task-stream/server';
import { Queue, Worker } from 'bullmq';
import { Cluster } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../helpers/async';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId } from '../helpers/tasks';
import { createQueues } from './queues';

const queues = createQueues();
/** What has begun, in order, and how to end it. */
let begun: { word: string; taskId: string; end: () => void }[] = [];

afterEach(async () => {
  for (const { end } of begun) end();
  await queues.close();
  begun = [];
});

const words = () => begun.map(({ word }) => word);

const noted = defineTask({
  name: 'noted',
  input: z.object({ word: z.string(), waits: z.boolean().optional() }),
  heartbeatMs: 100,
  async execute({ input: { word, waits }, task: { taskId } }) {
    await new Promise<void>((resolve) => {
      begun.push({ word, taskId, end: resolve });
      if (!waits) resolve();
    });
    return word;
  },
});

const open = (options: Partial<Parameters<typeof queues.open>[0]> = {}) =>
  queues.open({ tasks: [noted], ...options });

it('begins those of a higher priority first, one at a time unless told otherwise (R-QUEUE-1)', async () => {
  const { queue } = open();
  const start = async (word: string, priority: number) => {
    const task = queue.start(noted, { word }, { priority });
    await (await task.toResponse()).body?.cancel();
    return task;
  };
  const tasks = [await start('low', 3), await start('high', 1), await start('middle', 2)];
  queue.work();
  await Promise.all(tasks.map((task) => task.result));
  expect(words()).toEqual(['high', 'middle', 'low']);
});

it('asks again with the priority that a task was started with, if its job is gone (R-QUEUE-3)', async () => {
  const { queue, name } = open();
  const admin = queues.look(name);
  const start = async (word: string, priority?: number) => {
    const task = queue.start(noted, { word, waits: priority === undefined }, { priority });
    await (await task.toResponse()).body?.cancel();
    return task;
  };
  // Its worker has time for one, and looks after the others.
  const first = await start('first');
  queue.work({ heartbeatMs: 50 });
  await until(() => begun.length === 1);
  const tasks = [await start('low', 3), await start('high', 1), await start('middle', 2)];
  const jobIds = tasks.map(({ taskId }) => `task-${taskId}-1`);
  for (const id of jobIds) await admin.remove(id);
  await until(async () => (await admin.getJobCountByTypes('prioritized', 'waiting')) === 3);
  const jobs = await Promise.all(jobIds.map((id) => admin.getJob(id)));
  expect(jobs.map((job) => job?.opts.priority)).toEqual([3, 1, 2]);
  begun[0]?.end();
  await Promise.all([first, ...tasks].map((task) => task.result));
  expect(words()).toEqual(['first', 'high', 'middle', 'low']);
});

it('runs as many at a time as a worker may, and no more (R-QUEUE-1)', async () => {
  const { queue } = open();
  queue.work({ concurrency: 2 });
  const tasks = ['one', 'two', 'three'].map((word) => queue.start(noted, { word, waits: true }));
  await until(() => begun.length === 2);
  begun[0]?.end();
  await until(() => begun.length === 3);
  for (const { end } of begun) end();
  expect(await Promise.all(tasks.map((task) => task.result))).toEqual(['one', 'two', 'three']);
});

it('begins no more than a limiter lets pass (R-QUEUE-1)', async () => {
  const { queue, name } = open();
  queue.work({ limiter: { max: 1, duration: 600_000 } });
  const tasks = ['one', 'two'].map((word) => queue.start(noted, { word }));
  await until(() => begun.length === 1);
  await until(async () => (await queues.look(name).getRateLimitTtl()) > 0);
  await Promise.race(tasks.map((task) => task.result));
  expect(begun).toHaveLength(1);
});

it('begins a task that was put off when its time has come, and not before (R-QUEUE-1, R-ATTEMPT-7)', async () => {
  const { queue, context, name } = open();
  const task = queue.start(noted, { word: 'later' }, { delay: 400 });
  await (await task.toResponse()).body?.cancel();
  const { notBefore = 0 } = (await context.inspect(task.taskId)) ?? {};
  // Only workers make it wait for one, when its time has come.
  expect(await queues.look(name).getDelayedCount()).toBe(1);
  queue.work({ heartbeatMs: 50 });
  expect(await task.result).toBe('later');
  expect(Date.now()).toBeGreaterThanOrEqual(notBefore);
});

it('starts a task at each time of a schedule, once, whoever has scheduled it (R-QUEUE-8)', async () => {
  const here = open();
  const there = open({ name: here.name, keyPrefix: here.keyPrefix });
  const repeat = { every: 100, limit: 3 };
  for (const { queue } of [here, there]) {
    await queue.schedule('report of a day', noted, { word: 'again' }, repeat, { owner: 'me' });
  }
  here.queue.work({ heartbeatMs: 50 });
  there.queue.work({ heartbeatMs: 50 });
  await until(() => begun.length === 3);
  const taskIds = begun.map(({ taskId }) => taskId);
  expect(new Set(taskIds).size).toBe(3);
  for (const taskId of taskIds) {
    expect(taskId).toMatch(/^[0-9a-f]{32}$/);
    await until(async () => (await here.context.inspect(taskId))?.status === 'completed');
    expect(await here.context.inspect(taskId)).toMatchObject({ owner: 'me', attempt: 1 });
  }
  await here.queue.unschedule('report of a day');
  expect(here.errors).toEqual([]);
});

it.each([5, 6] as const)(
  'starts a task of a schedule though no worker came for longer than what is over is kept, with BullMQ %d (R-QUEUE-8)',
  async (major) => {
    const { queue, name } = open({ major, retentionMs: 1 });
    await queue.schedule('late', noted, { word: 'late' }, { every: 10, limit: 1 });
    const admin = queues.look(name);
    const scheduledAt = async () => {
      const [job] = await admin.getJobs(['waiting', 'delayed']);
      return job && job.timestamp + (job.opts.delay ?? 0);
    };
    await until(async () => Date.now() > ((await scheduledAt()) ?? Number.POSITIVE_INFINITY) + 50);
    queue.work({ heartbeatMs: 50 });
    await until(() => begun.length === 1);
    expect(words()).toEqual(['late']);
  },
);

it('refuses an input that does not fit before it schedules anything (R-QUEUE-8)', async () => {
  const { queue, name } = open();
  const wrong = { word: 1 } as unknown as { word: string };
  await expect(queue.schedule('wrong', noted, wrong, { every: 1_000 })).rejects.toMatchObject({
    code: 'invalid-input',
  });
  expect(await queues.look(name).getJobSchedulersCount()).toBe(0);
});

it('uses a queue and classes of one’s own (R-QUEUE-1)', async () => {
  const made: string[] = [];
  class OwnWorker extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      made.push(args[0]);
      super(...args);
    }
  }
  const name = `own-${createId()}`;
  const own = new Queue(name, { connection: { url: sharedRedisUrl() }, prefix: 'own' });
  try {
    const { context: streamContext } = queues.instances.open({ url: sharedRedisUrl() });
    const queue = createTaskQueue({ streamContext, tasks: [noted], queue: own, Worker: OwnWorker });
    expect(queue.runner).toBe(`queue:${name}`);
    queue.work();
    expect(await queue.start(noted, { word: 'own' }).result).toBe('own');
    await queue.close();
    expect(made).toEqual([name]);
    // It is left to whoever has made it.
    expect(await own.getJobCountByTypes('waiting')).toBe(0);
  } finally {
    await own.close();
  }
});

it.each([
  ['a connection', { connection: undefined }, /needs a `connection`/],
  ['a name with a colon', { name: 'a:b' }, /colon/],
  ['two definitions of a name', { tasks: [noted, noted] }, /two definitions/],
  ['a time that is none', { maxWaitMs: -1 }, /maxWaitMs/],
] as const)('says what is wrong with %s (R-QUEUE-1)', (_what, wrong, message) => {
  const streamContext = createMemoryStreamContext({ scope: createId() });
  const connection = { url: sharedRedisUrl() };
  const options = { streamContext, tasks: [noted], connection, ...wrong };
  expect(() => createTaskQueue(options)).toThrow(message);
});

it('asks for a prefix that keeps a queue in one slot of a cluster (R-QUEUE-1)', () => {
  const connection = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true });
  const { context: streamContext } = queues.instances.open({ url: sharedRedisUrl() });
  const options = { streamContext, tasks: [noted], connection };
  expect(() => createTaskQueue({ ...options, prefix: 'tasks' })).toThrow(/such as `\{tasks\}`/);
  expect(() => createTaskQueue({ ...options, prefix: '{tasks}' })).not.toThrow();
  connection.disconnect();
});

it('refuses to start a task that is none of its own (R-QUEUE-1)', () => {
  const { queue } = open();
  const other = defineTask({ name: 'other', execute() {} });
  expect(() => queue.start(other)).toThrow(/`tasks` of `createTaskQueue`/);
});

it('refuses the route of a task that none of its workers would run (R-QUEUE-1)', () => {
  const { queue, context: streamContext } = open();
  const other = defineTask({ name: 'other', execute() {} });
  expect(() => createTaskRoute(other, { streamContext, queue })).toThrow(
    expect.objectContaining({
      code: 'invalid-options',
      message: expect.stringMatching(/`other`.*Pass it in `tasks` of `createTaskQueue`/),
    }),
  );
  expect(() => createTaskRoute(noted, { streamContext, queue })).not.toThrow();
  // A queue that does not say what its workers run may have anything.
  const { definitions: _definitions, ...silent } = queue;
  expect(() => createTaskRoute(other, { streamContext, queue: silent })).not.toThrow();
});
