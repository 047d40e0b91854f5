// Tasks that nobody follows, whose processes are killed, and supervisors elsewhere.
import {
  defineTask,
  type SuperviseTasksOptions,
  superviseOnce,
  superviseTasks,
  type TaskSettleEvent,
  type TaskStreamContext,
  type TaskSupervisor,
} from 'ai-task-stream/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aborted, until } from '../helpers/async';
import { openingOf, openWork } from '../helpers/attempted-task';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { createRedisInstances } from '../helpers/redis-contexts';
import { startFaultProxy } from '../helpers/redis-proxy';
import { setUpSaving } from '../helpers/saving';
import { createId } from '../helpers/tasks';

const saving = setUpSaving();
const { url, keyPrefix, begin, spawnServer } = saving;
const instances = createRedisInstances();
const heartbeatMs = 200;
let supervisors: TaskSupervisor[] = [];
let admin: RedisAdmin;

beforeEach(async () => {
  admin = await connectAdmin(url);
});

afterEach(async () => {
  await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
  supervisors = [];
  admin.close();
  await instances.close();
});

/** Supervises tasks at an instance of their own, and gives what `onSettle` is told. */
function supervise(options: Partial<SuperviseTasksOptions> = {}) {
  const told: TaskSettleEvent<unknown>[] = [];
  const supervisor = superviseTasks({
    ...{ streamContext: instances.open({ url, keyPrefix }).context, tasks: [], heartbeatMs },
    onSettle: (event) => void told.push(event),
    ...options,
  });
  supervisors.push(supervisor);
  return { told, supervisor };
}

/** The index' entries of a task, each with its key. */
async function entriesOf(taskId: string): Promise<[key: string, entry: string][]> {
  const keys = [...(await admin.ttls()).keys()].filter((key) => key.includes(':{open-'));
  const found = await Promise.all(
    keys.map(async (key) => {
      const entries = (await admin.send('ZRANGE', key, '0', '-1')) as string[];
      return entries.map((entry): [string, string] => [key, entry]);
    }),
  );
  return found.flat().filter(([, entry]) => entry.endsWith(taskId));
}

const isCompleted = async (context: TaskStreamContext, taskId: string) =>
  (await context.inspect(taskId))?.status === 'completed';

/** Looks at a task as crons do, until a look has done what is wanted. */
async function superviseUntil(
  options: SuperviseTasksOptions,
  isDone: (counts: Awaited<ReturnType<typeof superviseOnce>>) => boolean | Promise<boolean>,
): Promise<void> {
  await until(async () => isDone(await superviseOnce(options)));
}

it('delivers the outcome of a process that was killed within onSettle, by a cron alone (R-SUPERVISE-3)', async () => {
  const server = await spawnServer();
  const { taskId, started } = await begin(server, { heartbeatMs, saving: 'obey' });
  started.tell('finish');
  const { isRecovered } = await started.when<TaskSettleEvent<unknown>>('saving');
  await server.kill();
  const told: TaskSettleEvent<unknown>[] = [];
  const options = { streamContext: saving.context, tasks: [], heartbeatMs };
  await superviseUntil(
    { ...options, onSettle: (event) => void told.push(event) },
    ({ delivered }) => delivered === 1,
  );
  expect([isRecovered, told.map((event) => event.isRecovered)]).toEqual([false, [true]]);
  expect(told).toMatchObject([{ status: 'completed', message: { id: taskId } }]);
  expect(await saving.isUnsaved(taskId)).toBe(false);
  expect(await entriesOf(taskId)).toEqual([]);
});

it('closes a task whose process was killed, and delivers that (R-SUPERVISE-1, R-SUPERVISE-3)', async () => {
  const { told } = supervise();
  const server = await spawnServer();
  const { taskId } = await begin(server, { heartbeatMs });
  await server.kill();
  await until(() => told.length > 0);
  expect(told).toMatchObject([
    { taskId, status: 'failed', error: { code: 'lost' }, isRecovered: true },
  ]);
  await until(async () => (await entriesOf(taskId)).length === 0);
});

it('takes up a task whose process is gone, though nobody follows it, by a cron alone (R-SUPERVISE-1)', async () => {
  const proxy = await startFaultProxy(url);
  const gone = instances.open({ url: proxy.url, keyPrefix });
  const taskId = createId();
  await openWork(gone.context, taskId, { leaseMs: 2 * heartbeatMs });
  await proxy.close();
  const runs: number[] = [];
  const report = defineTask({
    name: 'report',
    retry: {},
    execute: ({ task }) => void runs.push(task.attempt),
  });
  const options = { streamContext: saving.context, tasks: [report], heartbeatMs };
  await superviseUntil(options, () => isCompleted(saving.context, taskId));
  expect(runs).toEqual([2]);
  await until(async () => (await entriesOf(taskId)).length === 0);
});

it('brings a task to its end, though each invocation has less time than it takes, by a cron alone (R-SUPERVISE-1)', async () => {
  const runs: number[] = [];
  const report = defineTask({
    name: 'report',
    ...{ retry: { attempts: 50 }, maxRunMs: 300, graceMs: 100, onError() {} },
    async execute({ task, signal }) {
      runs.push(task.attempt);
      const steps = Number(task.lastCheckpoint ?? 0);
      if (steps >= 3) return steps;
      await task.checkpoint(steps + 1);
      await aborted(signal);
      throw signal.reason;
    },
  });
  const taskId = createId();
  await openWork(saving.context, taskId, { waits: { delayMs: 0 }, work: { attempts: 50 } });
  let taken = 0;
  await superviseUntil(
    { streamContext: saving.context, tasks: [report], heartbeatMs },
    async (counts) => {
      taken += counts.taken;
      return isCompleted(saving.context, taskId);
    },
  );
  expect(runs.length).toBeGreaterThan(3);
  // No invocation goes on with what it has handed over.
  expect(taken).toBe(runs.length);
});

it('removes an entry whose process was killed before it had opened the task, after a minute (R-INDEX-4)', async () => {
  const taskIds = [createId(), createId()];
  const ages = [0, 70_000];
  for (const [index, taskId] of taskIds.entries()) {
    await openWork(saving.context, taskId, { waits: { delayMs: 0 } });
    const [[key, entry] = ['', '']] = await entriesOf(taskId);
    const openedAt = (Date.now() - (ages[index] ?? 0)).toString(36);
    await admin.send('ZREM', key, entry);
    await admin.send('ZADD', key, String(Date.now()), entry.replace(/^[^.]+/, openedAt));
    const kinds = ['m', 'f', 'l', 'a'];
    await admin.send('DEL', ...kinds.map((kind) => `${keyPrefix}:{${taskId}}:${kind}`));
  }
  const report = defineTask({ name: 'report', retry: {}, execute() {} });
  await superviseUntil(
    { streamContext: saving.context, tasks: [report], heartbeatMs },
    async () => (await entriesOf(taskIds[1] ?? '')).length === 0,
  );
  expect(await entriesOf(taskIds[0] ?? '')).toHaveLength(1);
});

it('has five hundred tasks done that have no process, by two that run ten at a time (R-SUPERVISE-2)', async () => {
  const taskIds = Array.from({ length: 500 }, createId);
  const opening = { waits: { delayMs: 0 }, definition: 'many' };
  const open = (id: string) => saving.context.open(id, openingOf(id, opening));
  await Promise.all(taskIds.map(open));
  const ran: string[] = [];
  const left = new Set(taskIds);
  const most = Array.from({ length: 2 }, () => {
    const here = { running: 0, most: 0 };
    const many = defineTask({
      name: 'many',
      retry: {},
      async execute({ task: { taskId } }) {
        here.most = Math.max(here.most, ++here.running);
        ran.push(taskId);
        await new Promise((resolve) => setTimeout(resolve, 1));
        here.running--;
      },
      onSettle: ({ taskId }) => void left.delete(taskId),
    });
    supervise({ tasks: [many], maxRunning: 10 });
    return here;
  });
  await until(() => ran.length >= taskIds.length && most.every(({ running }) => running === 0));
  for (const taskId of taskIds) await until(() => isCompleted(saving.context, taskId));
  expect(ran.sort()).toEqual(taskIds.sort());
  await until(() => left.size === 0);
  for (const here of most) expect(here.most).toBeLessThanOrEqual(10);
});
