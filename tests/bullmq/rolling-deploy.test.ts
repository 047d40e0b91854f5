// A deploy, while workers of the old release and of the new one share a queue.
import { defineTask, takeTask } from 'ai-task-stream/server';
import { Worker } from 'bullmq';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../helpers/async';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId, readLog } from '../helpers/tasks';
import { setUpQueues } from './queues';

const queues = setUpQueues();

interface Ran {
  readonly taskId: string;
  readonly by: string;
  readonly attempt: number;
  readonly from: number | undefined;
}

/** What was run, in order. */
let ran: Ran[] = [];

afterEach(() => {
  ran = [];
});

const heartbeatMs = 50;

/** The definition of a release: one whose first attempt with `waits` ends only when it has to go. */
function release(by: string, version: number, word: z.ZodType<string> = z.string()) {
  return defineTask({
    name: 'report',
    ...{ version, heartbeatMs, retry: {}, graceMs: 100 },
    input: z.object({ word, waits: z.boolean().optional() }),
    checkpoint: z.number(),
    onError() {},
    async execute({ input: { waits }, task, signal }) {
      const { taskId, attempt, lastCheckpoint: from } = task;
      await task.checkpoint(version);
      ran.push({ taskId, by, attempt, from });
      while (waits && attempt === 1) {
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 10));
        // The place at which it is handed over.
        if (task.isDraining) await task.checkpoint(version);
      }
      return by;
    },
  });
}

type Release = ReturnType<typeof release>;
type Opened = ReturnType<typeof queues.open>;

/** A process of a release. */
function open(task: Release, { name, keyPrefix }: Partial<Opened> = {}) {
  const opened = queues.open({
    tasks: [task],
    ...(name !== undefined && { name }),
    ...(keyPrefix !== undefined && { keyPrefix }),
  });
  const start = async (input: { word: string; waits?: boolean }) => {
    const started = opened.queue.start(task, input, { taskId: createId() });
    await (await started.toResponse()).body?.cancel();
    return started;
  };
  return { ...opened, start, work: () => opened.queue.work({ heartbeatMs }) };
}

/** Processes of two releases that share a queue. */
function deploy({ before = release('old', 1), after = release('new', 2) } = {}) {
  const old = open(before);
  return { old, fresh: open(after, old), web: open(after, old), admin: queues.look(old.name) };
}

async function settlementsOf({ context }: Opened, taskId: string): Promise<number> {
  const log = await readLog(context, taskId);
  return log.filter((chunk) => chunk.startsWith('{"type":"data-task-settle"')).length;
}

it('leaves tasks of the new version to workers that have it, which run each once (R-QUEUE-2)', async () => {
  const { old, fresh, web, admin } = deploy();
  old.work();
  const task = await web.start({ word: 'of the new release' });
  // The old worker has looked at it.
  await until(async () => (await admin.getDelayedCount()) === 1);
  const earlier = await old.start({ word: 'of the old release' });
  expect(await earlier.result).toBe('old');
  fresh.work();
  expect(await task.result).toBe('new');
  for (const { taskId } of [task, earlier]) {
    expect(ran.filter((one) => one.taskId === taskId)).toHaveLength(1);
    expect(await settlementsOf(web, taskId)).toBe(1);
    expect(await web.context.inspect(taskId)).toMatchObject({ status: 'completed', attempt: 1 });
  }
  expect(await admin.getFailedCount()).toBe(0);
  expect([...old.errors, ...fresh.errors]).toEqual([]);
});

it('goes on in a worker of the new version with what one of the old version has begun (R-QUEUE-7)', async () => {
  const { old, fresh, admin } = deploy();
  old.work();
  const task = await old.start({ word: 'long', waits: true });
  await until(() => ran.length === 1);
  fresh.work();
  await old.context.drain?.({ timeoutMs: 1_500 });
  const { taskId } = task;
  await until(async () => (await fresh.context.inspect(taskId))?.status === 'completed');
  expect(ran).toEqual([
    { taskId, by: 'old', attempt: 1, from: undefined },
    { taskId, by: 'new', attempt: 2, from: 1 },
  ]);
  expect(await settlementsOf(fresh, taskId)).toBe(1);
  await until(async () => (await admin.getJobCountByTypes('active', 'waiting', 'delayed')) === 0);
  expect(await admin.getFailedCount()).toBe(0);
});

it('leaves the times of a schedule of the new version to workers that have it (R-QUEUE-2, R-QUEUE-8)', async () => {
  // What the new release schedules means nothing to the old one.
  const before = release('old', 1, z.string().max(3));
  const after = release('new', 2);
  const { old, fresh, web, admin } = deploy({ before, after });
  old.work();
  const input = { word: 'tomorrow' };
  await web.queue.schedule('daily', after, input, { every: 100, limit: 2 });
  // The old worker has looked at the first one.
  await until(async () => (await admin.getDelayed()).some((job) => job.attemptsStarted > 0));
  fresh.work();
  await old.queue.close();
  await until(() => ran.length === 2);
  expect(ran).toMatchObject([{ by: 'new' }, { by: 'new' }]);
  expect(new Set(ran.map(({ taskId }) => taskId)).size).toBe(2);
  await web.queue.unschedule('daily');
  expect(old.errors).toEqual([]);
});

it('asks for another worker at once when a worker leaves a task whose input does not fit any more (R-QUEUE-3, R-ATTEMPT-10)', async () => {
  const { old, fresh, admin } = deploy({ after: release('new', 2, z.string().max(3)) });
  const { taskId } = await old.start({ word: 'too long' });
  fresh.work();
  await until(async () => (await fresh.context.inspect(taskId))?.attempt === 1);
  await fresh.queue.close();
  expect(await fresh.context.inspect(taskId)).toMatchObject({ isWaiting: true, attempt: 1 });
  expect(await admin.getJobState(`task-${taskId}-2`)).toBe('delayed');
  expect(ran).toEqual([]);
});

it('leaves a job of a later format as it is to workers that know it, which get it once (R-QUEUE-2)', async () => {
  const task = release('old', 1);
  const { old, fresh, admin } = deploy({ before: task, after: task });
  const { taskId } = await old.start({ word: 'later' });
  const id = `task-${taskId}-1`;
  const job = await admin.getJob(id);
  const data = { ...job?.data, format: 2, more: 'of a later release' };
  await job?.remove();
  await admin.add('report', data, { jobId: id, removeOnComplete: true });
  old.work();
  fresh.work();
  await until(async () => {
    const { attemptsStarted = 0 } = (await admin.getJob(id)) ?? {};
    return attemptsStarted >= 2 && (await admin.getJobState(id)) === 'delayed';
  });
  expect((await admin.getJob(id))?.data).toEqual(data);
  expect(await admin.getJobCountByTypes('waiting', 'active', 'delayed', 'failed')).toBe(1);
  await Promise.all([old.queue.close(), fresh.queue.close()]);
  expect(ran).toEqual([]);

  const got: unknown[] = [];
  const { context: streamContext, queue } = old;
  const later = new Worker(
    old.name,
    async (found) => {
      got.push(found.data);
      await (await takeTask(task, taskId, { streamContext, runner: queue.runner }))?.released;
    },
    { connection: { url: sharedRedisUrl() } },
  );
  await until(async () => (await streamContext.inspect(taskId))?.status === 'completed');
  await later.close();
  expect(got).toEqual([data]);
  expect(ran).toMatchObject([{ taskId, attempt: 1 }]);
  expect([...old.errors, ...fresh.errors]).toEqual([]);
});
