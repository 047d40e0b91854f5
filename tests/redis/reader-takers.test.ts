// A task whose process is lost, and a page that follows it at another process.
import { createTaskRoute, defineTask, toNodeHandler } from 'ai-task-stream/server';
import { createTaskStream } from 'ai-task-stream/ui';
import { afterEach, expect, it } from 'vitest';
import { aborted, until } from '../helpers/async';
import { type HttpServer, startHttpServer } from '../helpers/http-server';
import { createRedisInstances } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';

const instances = createRedisInstances();
let servers: HttpServer[] = [];

afterEach(async () => {
  await instances.close();
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

/** A process that serves a task of six steps; the first attempt stands still in the fourth. */
async function serve(keyPrefix: string | undefined, runs: number[]) {
  const count = defineTask({
    name: 'count',
    retry: {},
    heartbeatMs: 100,
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
