// A task whose process is lost, and a page that follows it at another process.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createTaskRoute, defineTask, toNodeHandler } from 'ai-task-stream/server';
import { readTask } from 'ai-task-stream/testing';
import { createTaskStream } from 'ai-task-stream/ui';
import { afterEach, expect, it } from 'vitest';
import { aborted, until } from '../helpers/async';
import { checkpoint, openWork } from '../helpers/attempted-task';
import { type HttpServer, startHttpServer } from '../helpers/http-server';
import { createRedisInstances } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId } from '../helpers/tasks';

const instances = createRedisInstances();
let servers: HttpServer[] = [];

afterEach(async () => {
  await instances.close();
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

/** A process that serves a task of six steps; the first attempt stands still in the fourth. */
async function serve(keyPrefix: string | undefined, runs: number[], heartbeatMs = 100) {
  const count = defineTask({
    name: 'count',
    retry: {},
    heartbeatMs,
    onError: () => {},
    execute: async ({ task, signal }) => {
      runs.push(task.attempt);
      for (let step = Number(task.lastCheckpoint ?? 0); step < 6; step++) {
        task.partial(step);
        task.log(`step ${step}`);
        if (step === 3 && task.attempt === 1) await aborted(signal);
        await task.checkpoint(step + 1);
      }
      return 'counted';
    },
  });
  const instance = instances.open({ url: sharedRedisUrl(), ...(keyPrefix && { keyPrefix }) });
  const route = createTaskRoute(count, {
    streamContext: instance.context,
    owner: ({ headers }) => headers.get('x-owner') ?? undefined,
  });
  const server = await startHttpServer(toNodeHandler(route));
  servers.push(server);
  return { ...instance, server };
}

/** Follows a task from behind its newest frame, so that nothing that was sent becomes void. */
function followEnd(server: HttpServer, taskId: string, cursor: string | undefined) {
  return fetch(`${server.origin}/?taskId=${taskId}`, {
    headers: { 'last-event-id': cursor ?? '' },
  });
}

// R-BEAT-4, R-ATTEMPT-15
it('hears of a hand-over at once, wherever it was, and takes the task up then', async () => {
  const runs: number[] = [];
  // No heartbeat interval ends within the test.
  const first = await serve(undefined, runs, 60_000);
  const second = await serve(first.keyPrefix, runs, 60_000);
  const taskId = createId();
  const log = await openWork(first.context, taskId, { definition: 'count' });
  await checkpoint(log, taskId, 5);
  const { cursor } = (await first.context.inspect(taskId)) ?? {};
  const reading = readTask(await followEnd(second.server, taskId, cursor));
  await log.handOver?.();
  expect(await reading).toMatchObject({ status: 200, result: 'counted' });
  expect(runs).toEqual([2]);
});

it('tells a task that was handed over from one that has lost its process', async () => {
  const first = await serve(undefined, []);
  const second = instances.open({ url: sharedRedisUrl(), keyPrefix: first.keyPrefix });
  const ids = [createId(), createId()];
  // However late it is handed over, its process counts as alive until then.
  const leases = [60_000, 300];
  const [handedOver, lost] = await Promise.all(
    ids.map((taskId, index) => openWork(first.context, taskId, { leaseMs: leases[index] })),
  );
  const readers = await Promise.all(ids.map((taskId) => second.context.read(taskId)));
  await handedOver?.handOver?.();
  await until(() => readers[0]?.isWaiting === true);
  await lost?.flushed();
  await first.context.close();
  await until(() => readers[1]?.isWaiting === true);
  expect(readers.map((reader) => reader?.isAfterLoss)).toEqual([false, true]);
});

it('goes on where the page is, from its newest checkpoint, and the page shows it as if nothing had been', async () => {
  const runs: number[] = [];
  const first = await serve(undefined, runs);
  const second = await serve(first.keyPrefix, runs);
  let url = first.server.origin;
  const told: unknown[] = [];
  const stream = createTaskStream({
    api: url,
    fetch: (input, init) => fetch(String(input).replace(first.server.origin, url), init),
    onPartial: (value) => told.push(value),
  });
  const settling = stream.start();
  await until(() => told.length === 4);
  url = second.server.origin;
  await first.context.close();
  await first.server.stop();

  expect(await settling).toMatchObject({ status: 'completed', result: 'counted' });
  expect(runs).toEqual([1, 2]);
  const { partials, logs, attempt } = stream.getState();
  expect(partials).toEqual([0, 1, 2, 3, 4, 5]);
  expect(logs.map(({ message }) => message)).toEqual(partials.map((step) => `step ${step}`));
  expect([told, attempt]).toEqual([[0, 1, 2, 3, 4, 5], 2]);
});

// R-ATTEMPT-15
it('is not run by requests that only look at it, nor by those of other people', async () => {
  const runs: number[] = [];
  const first = await serve(undefined, runs, 100);
  const second = await serve(first.keyPrefix, runs, 100);
  const taskId = createId();
  const log = await openWork(first.context, taskId, { definition: 'count', owner: 'me' });
  await log.handOver?.();
  // No `fetch`, which sets `sec-fetch-mode` itself.
  const ask = async (headers: Record<string, string>, method = 'GET') => {
    const options = { method, headers: { 'x-owner': 'me', ...headers }, agent: false };
    const asked = request(`${second.server.origin}/?taskId=${taskId}`, options).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    response.resume().on('error', () => {});
    return { status: response.statusCode, leave: () => response.destroy() };
  };
  const looks = await Promise.all([
    ask({}, 'HEAD'),
    ask({ 'sec-purpose': 'prefetch' }),
    ask({ purpose: 'prefetch' }),
    ask({ 'sec-fetch-mode': 'navigate' }),
    ask({ 'sec-fetch-mode': 'no-cors' }),
    ask({ 'x-owner': 'you' }),
  ]);
  // More than the time after which a process takes it that may.
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(looks.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 404]);
  expect(runs).toEqual([]);
  for (const { leave } of looks) leave();
});

// R-ATTEMPT-9
it('ends as failed when it takes each process with it that attempts it', async () => {
  let turn = 0;
  const opened: Awaited<ReturnType<typeof servePoison>>[] = [];
  const servePoison = async (keyPrefix: string | undefined) => {
    const instance = instances.open({ url: sharedRedisUrl(), ...(keyPrefix && { keyPrefix }) });
    const poison = defineTask({
      name: 'poison',
      retry: { attempts: 3 },
      heartbeatMs: 100,
      onError: () => {},
      async execute({ signal }) {
        turn++;
        await instance.context.close();
        await server.stop();
        await aborted(signal);
      },
    });
    const route = createTaskRoute(poison, { streamContext: instance.context });
    const server = await startHttpServer(toNodeHandler(route));
    servers.push(server);
    return { ...instance, server };
  };
  const first = await servePoison(undefined);
  opened.push(first);
  for (let count = 0; count < 4; count++) opened.push(await servePoison(first.keyPrefix));
  const stream = createTaskStream({
    api: 'http://servers',
    reconnect: { initialDelayMs: 20, maxDelayMs: 100 },
    // The page comes to a server that is left.
    fetch: (input, init) =>
      fetch(String(input).replace('http://servers', opened[turn]!.server.origin), init),
  });
  expect(await stream.start()).toMatchObject({ status: 'failed', error: { code: 'lost' } });
  expect(turn).toBe(3);
});
