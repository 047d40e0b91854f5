// A task whose process is lost, and a page that follows it at another process.
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
  const route = createTaskRoute(count, { streamContext: instance.context });
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
