// What becomes of tasks and their jobs when one of them is not there, or comes twice, or too late.
import { createTaskRoute, type TaskStreamContext } from 'ai-task-stream/server';
import { Worker } from 'bullmq';
import { expect, it } from 'vitest';
import { until } from '../helpers/async';
import { connectAdmin } from '../helpers/redis-admin';
import { sharedRedisUrl } from '../helpers/redis-server';
import { spawnTaskProcess } from '../helpers/spawn-task-process';
import { createId, readLog } from '../helpers/tasks';
import { setUpQueues, setUpQuickTask } from './queues';

const { ran, quick } = setUpQuickTask();
const queues = setUpQueues();

type Opened = ReturnType<typeof queues.open>;

const openQueue = (options: Partial<Parameters<typeof queues.open>[0]> = {}) =>
  queues.open({ tasks: [quick], ...options });

/** The queue as another process has it. */
const openOther = ({ name, keyPrefix }: Opened, options: Parameters<typeof openQueue>[0] = {}) =>
  openQueue({ name, keyPrefix, ...options });

const work = ({ queue }: Opened) => queue.work({ heartbeatMs: 50 });

/** Starts a task, and waits until its job is in the queue. */
async function start({ queue }: Opened, taskId: string) {
  const task = queue.start(quick, undefined, { taskId });
  const response = await task.toResponse();
  void response.body?.cancel();
  expect(response.status).toBe(200);
  return task;
}

/** Resolves once the queue has no jobs any more. */
async function untilEmpty(name: string): Promise<void> {
  const admin = queues.look(name);
  await until(async () => {
    const counts = await admin.getJobCounts();
    return Object.values(counts).every((count) => count === 0);
  });
}

async function settlementsOf(context: TaskStreamContext, taskId: string): Promise<number> {
  const log = await readLog(context, taskId);
  return log.filter((chunk) => chunk.startsWith('{"type":"data-task-settle"')).length;
}

it('runs a task whose process was killed between its opening and its job (R-QUEUE-3)', async () => {
  const back = openQueue();
  const taskId = createId();
  const starter = await spawnTaskProcess('dying-starter', {
    env: {
      ...{ STARTER_REDIS_URL: sharedRedisUrl(), STARTER_KEY_PREFIX: back.keyPrefix },
      ...{ STARTER_QUEUE: back.name, STARTER_TASK_ID: taskId },
    },
  });
  expect(await starter.ended).toBe('SIGKILL');
  expect(await back.context.inspect(taskId)).toMatchObject({ isWaiting: true, attempt: 0 });
  expect(await queues.look(back.name).getJobCountByTypes('waiting', 'active')).toBe(0);
  work(back);
  await until(async () => (await back.context.inspect(taskId))?.status === 'completed');
  expect(ran.mock.calls).toEqual([[taskId]]);
});

it('runs a task whose job is gone, once (R-QUEUE-3)', async () => {
  const web = openQueue();
  const taskId = createId();
  const task = await start(web, taskId);
  await queues.look(web.name).obliterate();
  work(openOther(web));
  expect(await task.result).toBe('done');
  await untilEmpty(web.name);
  expect(ran.mock.calls).toEqual([[taskId]]);
});

it('runs a task whose job a worker has, that was lost before it took the task (R-QUEUE-3)', async () => {
  const web = openQueue();
  const taskId = createId();
  const task = await start(web, taskId);
  // It holds BullMQ's lock on the job for longer than this test may take.
  const lost = new Worker(web.name, null, {
    connection: { url: sharedRedisUrl() },
    lockDuration: 600_000,
  });
  await lost.getNextJob('lost');
  await lost.close();
  work(openOther(web));
  expect(await task.result).toBe('done');
  expect(ran.mock.calls).toEqual([[taskId]]);
});

it('opens a task anew of which the storage knows nothing any more, by what is in its job (R-QUEUE-4)', async () => {
  const web = openQueue();
  const taskId = createId();
  await start(web, taskId);
  const admin = await connectAdmin(sharedRedisUrl());
  for (const key of (await admin.ttls()).keys()) {
    if (key.startsWith(web.keyPrefix)) await admin.send('DEL', key);
  }
  admin.close();
  const back = openOther(web);
  expect(await back.context.inspect(taskId)).toBeUndefined();
  work(back);
  await until(async () => (await back.context.inspect(taskId))?.status === 'completed');
  expect(ran.mock.calls).toEqual([[taskId]]);
});

it('does not begin a task again that was over and is forgotten, however late its job comes (R-QUEUE-4)', async () => {
  const web = openQueue({ retentionMs: 1 });
  const taskId = createId();
  const task = await start(web, taskId);
  const { queue } = web;
  // The job stays, as if it could not have been removed.
  await web.context.cancel(taskId);
  expect(await task.consume().catch(() => undefined)).not.toMatchObject({ status: 'completed' });
  await until(async () => (await web.context.inspect(taskId)) === undefined);
  queue.work();
  await untilEmpty(web.name);
  expect(ran).not.toHaveBeenCalled();
});

it('does nothing for a job that comes again, though the task is over (R-QUEUE-2)', async () => {
  const web = openQueue();
  const taskId = createId();
  const admin = queues.look(web.name);
  const task = await start(web, taskId);
  const job = await admin.getJob(`task-${taskId}-1`);
  work(web);
  expect(await task.result).toBe('done');
  await untilEmpty(web.name);
  const log = await readLog(web.context, taskId);
  await admin.add('quick', job?.data, { jobId: `task-${taskId}-1`, removeOnComplete: true });
  await untilEmpty(web.name);
  expect(ran.mock.calls).toEqual([[taskId]]);
  expect(await readLog(web.context, taskId)).toEqual(log);
});

it('runs a task though a job of its id has ended and stayed (R-QUEUE-3)', async () => {
  const web = openQueue();
  const taskId = createId();
  const admin = queues.look(web.name);
  await admin.add('quick', {}, { jobId: `task-${taskId}-1`, removeOnFail: false });
  const other = new Worker(web.name, null, { connection: { url: sharedRedisUrl() } });
  const old = await other.getNextJob('other');
  await old?.moveToFailed(new Error('It is none of ours.'), 'other');
  await other.close();
  const task = await start(web, taskId);
  work(openOther(web));
  expect(await task.result).toBe('done');
});

it('takes taskIds of digits alone, which BullMQ would refuse (R-QUEUE-1)', async () => {
  const web = openQueue();
  const taskId = String(Date.now()).padStart(20, '1');
  const task = await start(web, taskId);
  work(web);
  expect(await task.result).toBe('done');
  expect(await settlementsOf(web.context, taskId)).toBe(1);
});

it('ends a task at once that is cancelled while it waits, and takes its job from the queue (R-QUEUE-6)', async () => {
  const web = openQueue();
  const taskId = createId();
  const task = await start(web, taskId);
  expect(await task.cancel('Enough.')).toBe(true);
  await untilEmpty(web.name);
  expect(await web.context.inspect(taskId)).toMatchObject({ status: 'cancelled' });
  await expect(task.result).rejects.toMatchObject({ code: 'cancelled', message: 'Enough.' });
});

it('ends a task at once that is cancelled by its route while a worker has locked its job (R-QUEUE-6)', async () => {
  const web = openQueue();
  const taskId = createId();
  const task = await start(web, taskId);
  const holder = new Worker(web.name, null, { connection: { url: sharedRedisUrl() } });
  const job = await holder.getNextJob('holder');
  const route = createTaskRoute(quick, { streamContext: web.context, queue: web.queue });
  const request = new Request(`http://tasks/?taskId=${taskId}`, { method: 'DELETE' });
  expect(await (await route.DELETE(request)).json()).toEqual({ cancelled: true });
  await expect(task.result).rejects.toMatchObject({ code: 'cancelled' });
  // BullMQ removes no job that is locked, so a worker gets it all the same.
  expect(await queues.look(web.name).getJob(job?.id ?? '')).toBeDefined();
  await job?.moveToWait('holder');
  await holder.close();
  work(web);
  await untilEmpty(web.name);
  expect(ran).not.toHaveBeenCalled();
  expect(await settlementsOf(web.context, taskId)).toBe(1);
});
