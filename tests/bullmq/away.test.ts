// A queue whose Redis is away, stands still, or comes back with its data.
import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import { until } from '../helpers/async';
import { setUpOwnServers } from '../helpers/own-redis';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId } from '../helpers/tasks';
import { setUpQueues, setUpQuickTask } from './queues';

// Registered first, so that the queues are closed before their servers stop.
const { startServer } = setUpOwnServers();
const { ran, once: quick } = setUpQuickTask();
const queues = setUpQueues();

function postOf(taskId: string): Request {
  return new Request('http://tasks/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ taskId }),
  });
}

/** A web process whose tasks are in the shared Redis, and whose queue is in one of its own. */
function serve(queueUrl: string, commandTimeoutMs = 5_000) {
  const web = queues.open({
    ...{ tasks: [quick], commandTimeoutMs, connection: { url: queueUrl } },
    url: sharedRedisUrl(),
  });
  const told: unknown[] = [];
  const { context: streamContext, queue } = web;
  const onError = (error: unknown) => told.push(error);
  return { ...web, told, route: createTaskRoute(quick, { streamContext, queue, onError }) };
}

it('refuses to start a task while its Redis is away, of which nothing is left then, and starts it when that is back (R-QUEUE-5)', async () => {
  const server = await startServer();
  const { route, context, queue, name, keyPrefix, told } = serve(server.url);
  const first = await route.POST(postOf(createId()));
  expect(first.status).toBe(200);
  await first.body?.cancel();
  await server.kill();
  const taskId = createId();
  const refused = await route.POST(postOf(taskId));
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await refused.json()).toMatchObject({ error: { code: 'context-unavailable' } });
  expect(told).toHaveLength(1);
  // A page that asks for it is told that it is not there.
  expect(await context.inspect(taskId)).toBeUndefined();
  const follow = await route.GET(new Request(`http://tasks/?taskId=${taskId}`));
  expect(follow.status).toBe(404);
  const started = queue.start(quick, undefined, { taskId, onError() {} });
  await expect(started.result).rejects.toMatchObject({ code: 'context-unavailable' });

  await server.restart();
  let again = await route.POST(postOf(taskId));
  // Its client tries again, too.
  await until(async () => {
    if (again.status === 503) again = await route.POST(postOf(taskId));
    return again.status === 200;
  });
  queues.open({ tasks: [quick], name, keyPrefix, connection: { url: server.url } }).queue.work();
  expect(await again.text()).toContain('"status":"completed"');
  expect(ran.mock.calls.filter(([id]) => id === taskId)).toHaveLength(1);
});

it('refuses to start a task while its Redis does not answer, and takes back what reaches it after all (R-QUEUE-5)', async () => {
  const server = await startServer();
  const { route, context, name, keyPrefix } = serve(server.url, 300);
  const other = queues.open({ tasks: [quick], name, keyPrefix, connection: { url: server.url } });
  // Connected, so that the command is sent.
  const earlier = createId();
  const first = await route.POST(postOf(earlier));
  expect(first.status).toBe(200);
  await first.body?.cancel();
  await server.pause();
  const taskId = createId();
  expect((await route.POST(postOf(taskId))).status).toBe(503);
  expect(await context.inspect(taskId)).toBeUndefined();
  server.resume();
  const admin = queues.look(name, server.url);
  await until(async () => (await admin.getJob(`task-${taskId}-1`)) === undefined);
  other.queue.work();
  await until(async () => (await context.inspect(earlier))?.status === 'completed');
  expect(ran.mock.calls).toEqual([[earlier]]);
});

it('goes on with what waits and what runs when Redis comes back with its data (R-QUEUE-3)', async () => {
  const server = await startServer({ persistent: true });
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const slow = defineTask({
    name: 'slow',
    heartbeatMs: 500,
    retry: {},
    async execute({ task }) {
      ran(task.taskId);
      await ended;
      return 'done';
    },
  });
  const web = queues.open({ tasks: [slow], url: server.url });
  const back = queues.open({
    ...{ tasks: [slow], url: server.url, name: web.name, keyPrefix: web.keyPrefix },
  });
  back.queue.work({ heartbeatMs: 500 });
  const tasks = [web.queue.start(slow), web.queue.start(slow)];
  await until(() => ran.mock.calls.length === 1);
  await until(async () => {
    const records = await Promise.all(tasks.map(({ taskId }) => web.context.inspect(taskId)));
    return records.every((record) => record !== undefined);
  });
  await server.restart();
  end();
  await until(async () => {
    const inspecting = tasks.map(({ taskId }) => web.context.inspect(taskId));
    const records = await Promise.all(inspecting).catch(() => []);
    return records.length === 2 && records.every((record) => record?.status === 'completed');
  });
  expect(new Set(ran.mock.calls.map(([taskId]) => taskId)).size).toBe(2);
});
