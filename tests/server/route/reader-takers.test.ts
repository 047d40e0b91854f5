// A task that waits for a process, and the requests of pages that may bring it one.
import {
  type CreateTaskRouteOptions,
  createTaskRoute,
  defineTask,
  drainableContext,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { readTask } from 'ai-task-stream/testing';
import { describe, expect, it, vi } from 'vitest';
import { createDeferred } from '../../helpers/async';
import { openWork, take } from '../../helpers/attempted-task';
import { readWrites } from '../../helpers/sse';
import { createId, createOwnContext } from '../../helpers/tasks';

const post = (body: unknown) =>
  new Request('http://localhost/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** A task that its process has handed over, and a route of another process that serves it. */
async function createWaiting(
  {
    owner,
    ...options
  }: Omit<CreateTaskRouteOptions, 'owner' | 'streamContext'> & {
    owner?: string;
    streamContext?: TaskStreamContext;
  } = {},
  work: () => unknown = () => {},
) {
  const streamContext = options.streamContext ?? createOwnContext();
  const runs: unknown[] = [];
  const errors: unknown[] = [];
  const report = defineTask({
    name: 'report',
    retry: {},
    onError: (error) => {
      errors.push(error);
    },
    execute: async ({ task, input, context }) => {
      runs.push({ attempt: task.attempt, input, context });
      await work();
      return 'done';
    },
  });
  const route = createTaskRoute(report, {
    heartbeatMs: 20,
    ...options,
    streamContext,
    ...(owner !== undefined && { owner: (request) => request.headers.get('x-owner') ?? undefined }),
  });
  const taskId = createId();
  const log = await openWork(streamContext, taskId, { ...(owner !== undefined && { owner }) });
  await log.handOver?.();
  const ask = (headers: Record<string, string> = {}, method = 'GET') =>
    route.GET(new Request(`http://localhost/?taskId=${taskId}`, { method, headers }));
  /** Asks as a page does until the task is over: the response that a new attempt makes void ends first. */
  const follow = async (headers?: Record<string, string>) => {
    for (;;) {
      const read = await readTask(await ask(headers));
      if (read.isDone) return read;
    }
  };
  return {
    ...{ ask, follow },
    post: () => route.POST(post({ input: 'other' })),
    ...{ streamContext, taskId, runs, errors },
  };
}

/** For a process to take a task that it may take: a heartbeat, and the spread. */
const longEnough = () => new Promise((resolve) => setTimeout(resolve, 400));

describe('a task that waits', () => {
  it('is taken up by the process whose page follows it, with what is stored of it', async () => {
    const { ask, runs, taskId, streamContext } = await createWaiting();
    const first = await readTask(await ask());
    expect(first.heartbeatCount).toBeGreaterThan(0);
    // The response has brought the first snapshot, which the new attempt replaces: the page asks again.
    const again = await readTask(await ask({ 'last-event-id': first.cursor ?? '' }));
    const { status, result } = again.isDone ? again : await readTask(await ask());
    expect({ status, result }).toEqual({ status: 200, result: 'done' });
    expect(runs).toEqual([{ attempt: 2, input: 'in', context: 'context' }]);
    expect((await streamContext.inspect(taskId))?.status).toBe('completed');
  });

  it('is taken up once, however many pages follow it', async () => {
    const { follow, runs } = await createWaiting();
    await Promise.all(Array.from({ length: 50 }, () => follow()));
    expect(runs).toHaveLength(1);
  });

  it('is not taken up by what only looks at it, or may not (R-ATTEMPT-15)', async () => {
    const looks: [headers: Record<string, string>, method?: string][] = [
      [{}, 'HEAD'],
      [{ 'sec-fetch-mode': 'navigate' }],
      [{ 'sec-fetch-mode': 'no-cors' }],
      [{ 'sec-purpose': 'prefetch' }],
      [{ purpose: 'prefetch' }],
    ];
    const asked = looks.map(async ([headers, method]) => {
      const { ask, runs } = await createWaiting();
      const response = await ask(headers, method);
      const reader = response.body?.getReader();
      await reader?.read();
      await longEnough();
      await reader?.cancel();
      return [response.status, runs.length];
    });
    const ofOthers = await createWaiting({ owner: 'me' });
    const refused = await createWaiting({ authorize: () => false });
    const statuses = [
      (await ofOthers.ask({ 'x-owner': 'you' })).status,
      (await refused.ask()).status,
    ];
    await longEnough();
    expect(await Promise.all(asked)).toEqual(looks.map(() => [200, 0]));
    expect([statuses, ofOthers.runs, refused.runs]).toEqual([[404, 403], [], []]);
  });

  it('is taken up by its owner', async () => {
    const { follow, runs } = await createWaiting({ owner: 'me' });
    await follow({ 'x-owner': 'me' });
    expect(runs).toHaveLength(1);
  });

  it('is not taken up where as many run as may', async () => {
    const gate = createDeferred();
    const { follow, post, runs } = await createWaiting({ maxConcurrent: 1 }, () => gate.promise);
    const running = await post();
    const reading = follow();
    await longEnough();
    expect(runs).toHaveLength(1);
    gate.resolve();
    await readTask(running);
    await reading;
    expect(runs).toHaveLength(2);
  });

  it('is not taken up while its process runs as many as it may, by whatever route', async () => {
    const gate = createDeferred();
    const { follow, runs, streamContext } = await createWaiting({ maxRunning: 1 });
    const other = defineTask({ name: 'other', execute: () => gate.promise });
    const running = other.start(undefined, { streamContext });
    const reading = follow();
    await longEnough();
    expect(runs).toHaveLength(0);
    gate.resolve();
    await running.result;
    await reading;
    expect(runs).toHaveLength(1);
  });

  it('refuses to run no tasks at all', () => {
    const other = defineTask({ name: 'other', execute: () => {} });
    const start = () => createTaskRoute(other, { maxRunning: 0 });
    expect(start).toThrow('`maxRunning` must be a whole number of 1 or more.');
  });

  it('tells the definition of errors where the route has nobody to tell', async () => {
    const failure = new Error('Broken.');
    const work = () => {
      throw failure;
    };
    const { ask, errors } = await createWaiting({}, work);
    await readTask(await ask());
    await vi.waitFor(() => expect(errors).toEqual([failure]));
  });

  it('keeps the host awake until what was taken is over', async () => {
    const promises: Promise<unknown>[] = [];
    const { ask, runs } = await createWaiting({ waitUntil: (promise) => promises.push(promise) });
    const response = await ask();
    expect(promises).toHaveLength(1);
    const reader = response.body?.getReader();
    while (runs.length === 0) await reader?.read();
    await reader?.cancel();
    await Promise.all(promises);
    expect(runs).toHaveLength(1);
  });
});

it('ends the response to the request that was to start it, so that its page asks by GET', async () => {
  const streamContext = createOwnContext();
  const report = defineTask({ name: 'report', retry: {}, execute: () => 'done' });
  const route = createTaskRoute(report, { streamContext, heartbeatMs: 60_000 });
  const taskId = createId();
  const log = await openWork(streamContext, taskId);
  const joined = await route.POST(post({ taskId, input: 'in' }));
  const reading = readTask(joined);
  await log.handOver?.();
  const { isDone, result } = await reading;
  expect([isDone, result]).toEqual([false, undefined]);
  const get = () => route.GET(new Request(`http://localhost/?taskId=${taskId}`));
  const first = await readTask(await get());
  expect((first.isDone ? first : await readTask(await get())).result).toBe('done');
});

it('ends responses of before its process began to drain, and no others', async () => {
  const { ask, streamContext, taskId, runs } = await createWaiting({
    heartbeatMs: 60_000,
    // As if other processes could take its tasks.
    streamContext: drainableContext(createOwnContext()),
  });
  const { log } = await take(streamContext, taskId);
  const before = readTask(await ask());
  const draining = streamContext.drain?.({ timeoutMs: 10_000 });
  const during = readWrites(await ask());
  await log.handOver?.();
  expect((await before).isDone).toBe(false);
  let text: string | undefined = '';
  while (text?.includes('"waiting":true') === false) text = await during.next();
  expect(text).toBeDefined();
  await streamContext.cancel(taskId);
  await draining;
  expect(runs).toEqual([]);
  await during.rest();
});

it('goes on in the response to the request that has started it while its process attempts it again', async () => {
  const flaky = defineTask({
    name: 'flaky',
    retry: { backoffMs: 400, when: () => true },
    onError: () => {},
    execute: async ({ task }) => {
      if (task.attempt > 1) return task.attempt;
      await task.checkpoint(1);
      throw new Error('Not yet.');
    },
  });
  const route = createTaskRoute(flaky, { streamContext: createOwnContext(), heartbeatMs: 20 });
  const { isDone, result } = await readTask(await route.POST(post({})));
  expect([isDone, result]).toEqual([true, 2]);
});

it('leaves to a process the task that it attempts again itself (R-ATTEMPT-15)', async () => {
  const streamContext = createOwnContext();
  let count = 0;
  const flaky = defineTask({
    name: 'flaky',
    retry: { backoffMs: 100, when: () => true },
    onError: () => {},
    execute: () => {
      count++;
      if (count < 3) throw new Error('Not yet.');
      return count;
    },
  });
  const route = createTaskRoute(flaky, { streamContext, heartbeatMs: 10 });
  const task = flaky.start(undefined, { streamContext, heartbeatMs: 10 });
  const readers = setInterval(() => {
    route
      .GET(new Request(`http://localhost/?taskId=${task.taskId}`))
      .then((response) => readTask(response));
  }, 30);
  expect(await task.result).toBe(3);
  clearInterval(readers);
  expect(count).toBe(3);
});
