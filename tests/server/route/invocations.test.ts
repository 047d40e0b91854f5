// Hosts that end a process some time after it was asked: how long a task may run in each of them.
import { createTaskRoute, defineTask, type TaskRoute } from 'ai-task-stream/server';
import { readTask } from 'ai-task-stream/testing';
import { expect, it } from 'vitest';
import { openWork } from '../../helpers/attempted-task';
import { createId, createOwnContext } from '../../helpers/tasks';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function post(taskId: string): Request {
  return new Request('http://localhost/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ taskId }),
  });
}

const get = (taskId: string) => new Request(`http://localhost/?taskId=${taskId}`);

/** Makes requests as a page does, until the task is over. */
async function followToEnd({ GET }: TaskRoute, taskId: string) {
  for (let requests = 1; ; requests++) {
    const read = await readTask(await GET(get(taskId)));
    if (read.isDone) return { ...read, requests };
  }
}

it('hands a task over in time, and goes on with it in the request that follows (R-ATTEMPT-16)', async () => {
  const steps = defineTask({
    name: 'steps',
    ...{ retry: {}, maxRunMs: 400, graceMs: 50, heartbeatMs: 60_000 },
    execute: async ({ task, signal }) => {
      for (let step = Number(task.lastCheckpoint ?? 0); step < 40; step++) {
        await sleep(20);
        signal.throwIfAborted();
        task.partial(step);
        await task.checkpoint(step + 1);
      }
      return task.attempt;
    },
  });
  const route = createTaskRoute(steps, { streamContext: createOwnContext() });
  const taskId = createId();
  const first = await readTask(await route.POST(post(taskId)));
  expect(first.isDone).toBe(false);
  const { task, result, requests } = await followToEnd(route, taskId);
  expect(task.partials).toEqual(Array.from({ length: 40 }, (_, step) => step));
  expect(result).toBeGreaterThan(1);
  expect(requests).toBeGreaterThanOrEqual(Number(result) - 1);
});

it('leaves a task to the next request where less than half of the time is left (R-ATTEMPT-16)', async () => {
  const streamContext = createOwnContext();
  let runs = 0;
  const report = defineTask({
    ...{ name: 'report', retry: {}, maxRunMs: 300, heartbeatMs: 60_000 },
    execute: () => {
      runs++;
      return 'done';
    },
  });
  const route = createTaskRoute(report, { streamContext });
  const taskId = createId();
  const log = await openWork(streamContext, taskId);
  const reading = readTask(await route.GET(get(taskId)));
  await sleep(160);
  await log.handOver?.();
  expect([(await reading).isDone, runs]).toEqual([false, 0]);
  expect((await followToEnd(route, taskId)).result).toBe('done');
});

it('fails a task of which one step takes longer than any invocation lasts', async () => {
  let runs = 0;
  const endless = defineTask({
    name: 'endless',
    ...{ retry: { attempts: 3 }, maxRunMs: 100, graceMs: 10, heartbeatMs: 60_000 },
    onError: () => {},
    execute: ({ signal }) => {
      runs++;
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    },
  });
  const route = createTaskRoute(endless, { streamContext: createOwnContext() });
  const taskId = createId();
  await readTask(await route.POST(post(taskId)));
  const { task } = await followToEnd(route, taskId);
  expect([task.status, runs]).toEqual(['failed', 3]);
});
