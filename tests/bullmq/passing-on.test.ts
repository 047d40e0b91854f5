// Workers that ask for the next attempt at a task that they have handed over.
import { defineTask } from 'ai-task-stream/server';
import { type JobsOptions, Queue, Worker } from 'bullmq';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { createDeferred, until } from '../helpers/async';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId } from '../helpers/tasks';
import { setUpQueues } from './queues';

const queues = setUpQueues();
/** The attempts that were made. */
let attempts: number[] = [];

afterEach(() => {
  attempts = [];
});

const heartbeatMs = 50;

/** Its first attempt goes on until it is handed over. */
const passed = defineTask({
  name: 'passed',
  ...{ heartbeatMs, retry: {}, graceMs: 100 },
  checkpoint: z.number(),
  async execute({ task, signal }) {
    const { attempt } = task;
    await task.checkpoint(attempt);
    attempts.push(attempt);
    while (attempt === 1) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (task.isDraining) await task.checkpoint(attempt);
    }
    return 'done';
  },
});

/** Longer than this may take on any machine. */
const drainMs = 100_000;

/** A worker that has begun a task. */
async function begin(options: Partial<Parameters<typeof queues.open>[0]> = {}) {
  const web = queues.open({ tasks: [passed] });
  const taskId = createId();
  const task = web.queue.start(passed, undefined, { taskId });
  await (await task.toResponse()).body?.cancel();
  const { name, keyPrefix } = web;
  const worker = queues.open({ tasks: [passed], name, keyPrefix, ...options });
  worker.queue.work({ heartbeatMs });
  await until(() => attempts.length === 1);
  return { ...worker, taskId, nextId: `task-${taskId}-2`, admin: queues.look(worker.name) };
}

/** Has another worker go on, and expects that it makes the second attempt, and no other is made. */
async function isGoneOnWith({ taskId, name, keyPrefix }: Awaited<ReturnType<typeof begin>>) {
  const other = queues.open({ tasks: [passed], name, keyPrefix });
  other.queue.work({ heartbeatMs });
  await until(async () => (await other.context.inspect(taskId))?.status === 'completed');
  expect(attempts).toEqual([1, 2]);
}

it('leaves the call for the next attempt in the queue though its answer comes too late (R-QUEUE-7)', async () => {
  const answering = createDeferred<void>();
  const isAnswered = createDeferred<void>();
  const removed: string[] = [];
  class SlowQueue extends Queue {
    override async add(name: string, data: unknown, options?: JobsOptions) {
      const job = await super.add(name, data, options);
      if (options?.jobId?.endsWith('-2')) {
        await answering.promise;
        isAnswered.resolve();
      }
      return job;
    }
    override async remove(jobId: string) {
      removed.push(jobId);
      return super.remove(jobId);
    }
  }
  const left = await begin({ Queue: SlowQueue, commandTimeoutMs: 300 });
  await left.context.drain?.({ timeoutMs: drainMs });
  expect(left.errors).toContainEqual(new Error('No answer within 300 ms.'));
  answering.resolve();
  await isAnswered.promise;
  await left.queue.close();
  expect(removed).toEqual([]);
  expect(await left.admin.getJobState(left.nextId)).toBe('waiting');
  await isGoneOnWith(left);
});

it('calls a worker for the next attempt though a job of its id has ended and stayed (R-QUEUE-7)', async () => {
  const left = await begin();
  const { admin, name, nextId, context } = left;
  await admin.add('passed', {}, { jobId: nextId, removeOnFail: false });
  const other = new Worker(name, null, { connection: { url: sharedRedisUrl() } });
  // The worker is busy.
  const old = await other.getNextJob('other');
  await old?.moveToFailed(new Error('It is none of ours.'), 'other');
  await other.close();
  await context.drain?.({ timeoutMs: drainMs });
  expect(await admin.getJobState(nextId)).toBe('waiting');
  await isGoneOnWith(left);
});
