// Processes that take leave of tasks in Redis.
import { randomUUID } from 'node:crypto';
import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { createTaskStream } from 'ai-task-stream/ui';
import { afterEach, expect, it } from 'vitest';
import { takeTask } from '../../src/server/take-task';
import { until } from '../helpers/async';
import { createRedisInstances } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';
import { spawnTaskProcess, type TaskProcess } from '../helpers/spawn-task-process';
import { createId, readLog } from '../helpers/tasks';

const instances = createRedisInstances();
let processes: TaskProcess[] = [];

afterEach(async () => {
  await Promise.all(processes.map((process) => process.kill()));
  processes = [];
  await instances.close();
});

async function spawnServer(keyPrefix: string) {
  const process = await spawnTaskProcess('draining-server', {
    env: { TASK_SERVER_REDIS_URL: sharedRedisUrl(), TASK_SERVER_KEY_PREFIX: keyPrefix },
  });
  processes.push(process);
  return { process, origin: `http://127.0.0.1:${await process.next<number>()}` };
}

it('lets tasks go on elsewhere at SIGTERM, and ends those that cannot, before its process ends (R-DRAIN-2, R-DRAIN-3, R-DRAIN-4, R-DRAIN-5)', async () => {
  const keyPrefix = `draining-${randomUUID()}`;
  const [old, fresh] = await Promise.all([spawnServer(keyPrefix), spawnServer(keyPrefix)]);
  let { origin } = old;
  // As a load balancer that knows which process is to go.
  const open = (path: string) =>
    createTaskStream({
      api: `http://tasks/${path}`,
      fetch: (url, init) => fetch(String(url).replace('http://tasks', origin), init),
    });
  const [steps, plain] = [open('steps'), open('plain')];
  const settling = [steps.start(null), plain.start(null)];
  await until(() => steps.getState().partials.length === 3 && plain.getState().logs.length === 1);
  origin = fresh.origin;
  const leaving = old.process.kill('SIGTERM');

  const [stepsEnd, plainEnd] = await Promise.all(settling);
  expect(plainEnd).toMatchObject({ status: 'failed', error: { code: 'drained', retryable: true } });
  expect(stepsEnd).toMatchObject({ status: 'completed', result: fresh.process.pid });
  // What was done before the checkpoint at which the old process left is not done again.
  expect(steps.getState().partials).toEqual(
    [0, 1, 2, 3, 4, 5].map((step) => ({ step, attempt: step < 3 ? 1 : 2 })),
  );
  await leaving;
  expect(await old.process.ended).toBe(0);
  const { context } = instances.open({ url: sharedRedisUrl(), keyPrefix });
  const { taskId } = steps.getState();
  expect(await context.inspect(taskId ?? '')).toMatchObject({ status: 'completed', attempt: 2 });
  steps.dispose();
  plain.dispose();
});

it('hands a task over whose work does not listen, which can write nothing more, and takes it no more (R-DRAIN-1, R-DRAIN-2, R-ATTEMPT-8)', async () => {
  const here = instances.open({ url: sharedRedisUrl() });
  const there = instances.open({ url: sharedRedisUrl(), keyPrefix: here.keyPrefix });
  const late: (() => void)[] = [];
  const deaf = defineTask({
    name: 'deaf',
    retry: { attempts: 1 },
    onError: () => {},
    execute: ({ task, writer }) => {
      if (task.attempt > 1) return 'done';
      late.push(
        () => task.log('late'),
        () => writer.write({ type: 'start-step' }),
      );
      return new Promise<string>(() => {});
    },
  });
  const taskId = createId();
  deaf.start(undefined, { streamContext: here.context, taskId });
  await until(() => late.length === 2);
  await here.context.drain?.({ timeoutMs: 80 });
  await until(async () => (await there.context.inspect(taskId))?.isWaiting === true);
  expect(await there.context.inspect(taskId)).toMatchObject({ attempt: 1 });
  const refusal = expect.objectContaining({ code: 'context-unavailable' });
  await expect(takeTask(deaf, taskId, { streamContext: here.context })).rejects.toEqual(refusal);
  for (const write of late) expect(write).toThrow(expect.objectContaining({ code: 'settled' }));

  const taken = await takeTask(deaf, taskId, { streamContext: there.context });
  expect(await taken?.settled).toMatchObject({ status: 'completed', result: 'done' });
  const log = await readLog(there.context, taskId);
  expect(log.filter((data) => data.includes('late') || data.includes('start-step'))).toEqual([]);
  // Whoever still comes to the process that leaves is served by it.
  const route = createTaskRoute(deaf, { streamContext: here.context });
  const response = await route.GET(new Request(`http://localhost/?taskId=${taskId}`));
  expect(await response.text()).toContain('[DONE]');
});
