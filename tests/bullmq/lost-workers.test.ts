// Workers that are killed, stand still, or are cut off from Redis, while they run a task.
import { createTaskRoute, type TaskStreamContext, toNodeHandler } from 'ai-task-stream/server';
import { createTaskStream } from 'ai-task-stream/ui';
import { afterEach, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { startHttpServer } from '../helpers/http-server';
import { startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId, readLog } from '../helpers/tasks';
import { defineKept } from './kept-task';
import { createQueues } from './queues';
import { spawnWorker, type WorkerProcess } from './spawn-worker';

const queues = createQueues();
let workers: WorkerProcess[] = [];
let stopServer: (() => Promise<void>) | undefined;

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  workers = [];
  await stopServer?.();
  stopServer = undefined;
  await queues.close();
});

/** The same definition as the workers have, which must not run here. */
const kept = defineKept({
  onBegin() {
    throw new Error('A web process must not run the task.');
  },
  onAbort() {},
  mayEnd: () => new Promise(() => {}),
});

/** A web process with a page, and what is needed to start workers. */
async function serve(major: 5 | 6 = 6) {
  const web = queues.open({ tasks: [kept], major });
  const { context: streamContext, queue, name, keyPrefix } = web;
  const route = createTaskRoute(kept, { streamContext, queue });
  const { origin, stop } = await startHttpServer(toNodeHandler(route));
  stopServer = stop;
  const page = createTaskStream<typeof kept>({ api: origin });
  const spawn = async (options: { url?: string } = {}) => {
    const worker = await spawnWorker({ name, keyPrefix, major, ...options });
    workers.push(worker);
    return worker;
  };
  return { ...web, page, spawn };
}

/** The task's record, and how often it has settled. */
async function outcomeOf(context: TaskStreamContext, taskId: string) {
  const log = await readLog(context, taskId);
  const settled = log.filter((chunk) => chunk.startsWith('{"type":"data-task-settle"'));
  return { record: await context.inspect(taskId), settlements: settled.length, log };
}

/** Expects that an attempt has completed its task, once and for all. */
async function isDoneOnce(
  context: TaskStreamContext,
  settling: Promise<unknown>,
  { taskId, attempt }: { taskId: string; attempt: number },
): Promise<void> {
  expect(await settling).toMatchObject({ status: 'completed', result: { attempt } });
  const { record, settlements } = await outcomeOf(context, taskId);
  expect(record).toMatchObject({ status: 'completed', attempt });
  expect(settlements).toBe(1);
}

it.each([5, 6] as const)(
  'goes on in other workers when five are killed one after the other, with BullMQ %d (R-QUEUE-3)',
  async (major) => {
    const { page, spawn, context, look, name } = { ...(await serve(major)), look: queues.look };
    const taskId = createId();
    const settling = page.start({ word: 'attempt' }, { taskId });
    let killed = 0;
    for (let kills = 0; kills < 5; kills++) {
      const worker = await spawn();
      const { attempt } = await worker.begun();
      expect(attempt).toBeGreaterThan(killed);
      killed = attempt;
      await worker.kill();
    }
    const last = await spawn();
    last.end(taskId);
    const end = await settling;
    const { attempt = 0 } = (await context.inspect(taskId)) ?? {};
    expect(attempt).toBeGreaterThan(killed);
    expect(end).toMatchObject({ status: 'completed', result: { attempt } });
    // What each attempt did before its checkpoint stays, and nothing that came after it.
    const partials = page.getState().partials ?? [];
    expect(partials.slice(-3)).toEqual([`attempt ${attempt}`, `half of ${attempt}`, 'the end']);
    expect(partials.slice(0, -3).filter((text) => !/^attempt \d+$/.test(text))).toEqual([]);
    expect(new Set(partials).size).toBe(partials.length);
    expect(await look(name).getFailedCount()).toBe(0);
    page.dispose();
  },
);

it('goes on in another worker when its own stands still, which then can do nothing more (R-QUEUE-3, R-ATTEMPT-8)', async () => {
  const { page, spawn, context } = await serve();
  const taskId = createId();
  const settling = page.start({ word: 'attempt' }, { taskId });
  const still = await spawn();
  await still.begun();
  await still.pause();
  const other = await spawn();
  const { attempt } = await other.begun();
  still.resume();
  // It wakes up as if nothing had happened, and is told otherwise.
  await still.aborted();
  still.end(taskId);
  other.end(taskId);
  await isDoneOnce(context, settling, { taskId, attempt });
  page.dispose();
});

it('goes on in another worker when its own is cut off from Redis, which then can do nothing more (R-QUEUE-3, R-ATTEMPT-8)', async () => {
  const { page, spawn, context } = await serve();
  const proxy = await startFaultProxy(sharedRedisUrl());
  try {
    const taskId = createId();
    const settling = page.start({ word: 'attempt' }, { taskId });
    const apart = await spawn({ url: proxy.url });
    await apart.begun();
    proxy.refuse();
    proxy.cut();
    // It runs on by itself, and even comes to an end that nobody hears of.
    apart.end(taskId);
    const other = await spawn();
    const { attempt } = await other.begun();
    await proxy.accept();
    await until(() => proxy.connectionCount > 0);
    other.end(taskId);
    await isDoneOnce(context, settling, { taskId, attempt });
    page.dispose();
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await proxy.close();
  }
});

it('goes on in another worker at once when its own drains, though nobody follows it (R-QUEUE-7)', async () => {
  const { queue, spawn, context } = await serve();
  const taskId = createId();
  const task = queue.start(kept, { word: 'attempt' }, { taskId });
  const old = await spawn();
  await old.begun();
  const fresh = await spawn();
  fresh.end(taskId);
  const leaving = old.kill('SIGTERM');
  const { attempt } = await fresh.begun();
  expect(attempt).toBeGreaterThan(1);
  expect(await task.result).toEqual({ attempt });
  await leaving;
  expect(await old.ended).toBe(0);
  expect(await context.inspect(taskId)).toMatchObject({ status: 'completed', attempt });
});
