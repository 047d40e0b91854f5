// Open tasks that nobody follows, and what a supervisor makes of them.
import { TaskError } from 'ai-task-stream';
import {
  createMemoryStreamContext,
  defineTask,
  type SuperviseTasksOptions,
  streamTask,
  superviseOnce,
  superviseTasks,
  type TaskSettleEvent,
  type TaskStreamContext,
  type TaskSupervisor,
} from 'ai-task-stream/server';
import { createFaultyStreamContext } from 'ai-task-stream/testing';
import { afterEach, expect, it } from 'vitest';
import { createDeferred, until } from '../../helpers/async';
import { openingOf, openWork } from '../../helpers/attempted-task';
import { createId, createOwnContext } from '../../helpers/tasks';

const heartbeatMs = 20;
let supervisors: TaskSupervisor[] = [];

afterEach(async () => {
  await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
  supervisors = [];
});

function supervise(options: SuperviseTasksOptions): TaskSupervisor {
  const supervisor = superviseTasks({ heartbeatMs, ...options });
  supervisors.push(supervisor);
  return supervisor;
}

/** A definition, what its work was given, and the context of its tasks. */
function createReport(work: (taskId: string) => unknown = () => {}) {
  const streamContext = createOwnContext();
  const runs: unknown[] = [];
  const report = defineTask({
    name: 'report',
    retry: {},
    async execute({ task, input, context }) {
      runs.push({ attempt: task.attempt, input, context });
      await work(task.taskId);
      return 'done';
    },
  });
  return { streamContext, report, runs };
}

/** Opens tasks that wait for a process. */
async function openWaiting(context: TaskStreamContext, count = 1): Promise<string[]> {
  const taskIds = Array.from({ length: count }, createId);
  for (const id of taskIds) await context.open(id, openingOf(id, { waits: { delayMs: 0 } }));
  return taskIds;
}

const statusOf = async (context: TaskStreamContext, taskId: string) =>
  (await context.inspect(taskId))?.status;

/** Ends a task that nobody could save. */
async function openUnsaved(context: TaskStreamContext, definition?: string): Promise<string> {
  const taskId = createId();
  const log = await context.open(taskId, {
    ...{ token: taskId, leaseMs: heartbeatMs, savesOutcome: true, definition, owner: 'me' },
    frames: ['{"type":"start"}'],
  });
  const data = { taskId, status: 'completed', result: 1, durationMs: 1, settledAt: 2 };
  await log?.settle([JSON.stringify({ type: 'data-task-settle', id: taskId, data })], 'completed');
  await log?.release({ isSaved: false });
  return taskId;
}

it('takes up a task that waits, with what is stored of it (R-SUPERVISE-1)', async () => {
  const { streamContext, report, runs } = createReport();
  const taskId = createId();
  const log = await openWork(streamContext, taskId);
  await log.handOver?.();
  supervise({ streamContext, tasks: [report] });
  await until(async () => (await statusOf(streamContext, taskId)) === 'completed');
  expect(runs).toEqual([{ attempt: 2, input: 'in', context: 'context' }]);
});

it('runs no more tasks than may, and all of them in the end (R-SUPERVISE-2)', async () => {
  let running = 0;
  let most = 0;
  const { streamContext, report, runs } = createReport(async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
  });
  const taskIds = await openWaiting(streamContext, 50);
  supervise({ streamContext, tasks: [report], maxRunning: 3 });
  for (const id of taskIds) {
    await until(async () => (await statusOf(streamContext, id)) === 'completed');
  }
  expect(runs).toHaveLength(50);
  expect(most).toBe(3);
});

it('counts the tasks that were started here (R-SUPERVISE-2)', async () => {
  const gate = createDeferred();
  const { streamContext, report, runs } = createReport(() => gate.promise);
  const [taskId = ''] = await openWaiting(streamContext);
  const started = report.start('here', { streamContext });
  await until(() => runs.length === 1);
  const options = { streamContext, tasks: [report], heartbeatMs, maxRunning: 1 };
  expect(await superviseOnce(options)).toMatchObject({ taken: 0 });
  gate.resolve();
  await started.result;
  await started.consume();
  await until(async () => (await superviseOnce(options)).taken === 1);
  expect(await statusOf(streamContext, taskId)).toBe('completed');
});

it('leaves a task to the process that goes on with it by itself (R-SUPERVISE-1)', async () => {
  const streamContext = createOwnContext();
  const attempts: number[] = [];
  const report = defineTask({
    name: 'report',
    retry: { backoffMs: 0 },
    onError() {},
    execute({ task }) {
      attempts.push(task.attempt);
      if (task.attempt < 3) throw new TaskError({ code: 'busy', message: '', retryable: true });
    },
  });
  supervise({ streamContext, tasks: [report] });
  const started = report.start(undefined, { streamContext, heartbeatMs });
  await started.result;
  expect(attempts).toEqual([1, 2, 3]);
});

it('delivers an outcome that nobody has saved, once, by who is there for it (R-SUPERVISE-3)', async () => {
  const streamContext = createOwnContext();
  const told: [by: string, event: TaskSettleEvent<unknown>][] = [];
  const tellBy = (by: string) => (event: TaskSettleEvent<unknown>) => void told.push([by, event]);
  const own = defineTask({ name: 'own', onSettle: tellBy('own'), execute() {} });
  const plain = defineTask({ name: 'plain', execute() {} });
  const names = [undefined, 'own', 'plain'];
  for (const name of names) await openUnsaved(streamContext, name);
  const foreign = await openUnsaved(streamContext, 'foreign');
  const options = { streamContext, tasks: [own, plain], heartbeatMs };
  await until(async () => {
    await superviseOnce({ ...options, onSettle: tellBy('given') });
    return told.length >= names.length;
  });
  expect(await superviseOnce({ ...options, onSettle: tellBy('given') })).toEqual({
    ...{ looked: 0, taken: 0, delivered: 0 },
  });
  expect(told.map(([by]) => by).sort()).toEqual(['given', 'given', 'own']);
  for (const [, event] of told) {
    expect(event).toMatchObject({ owner: 'me', status: 'completed', result: 1, isRecovered: true });
  }
  expect((await streamContext.inspect(foreign))?.isUnsaved).toBe(true);
});

it('tells a host again that has failed to save an outcome, after a while (R-SUPERVISE-3)', async () => {
  const streamContext = createOwnContext();
  await openUnsaved(streamContext);
  const errors: unknown[] = [];
  let told = 0;
  const options = {
    ...{ streamContext, tasks: [], heartbeatMs },
    onError: (error: unknown) => void errors.push(error),
    onSettle() {
      told++;
      throw new Error('It is not saved.');
    },
  };
  await until(async () => {
    expect(await superviseOnce(options)).toMatchObject({ delivered: 0 });
    return told > 0;
  });
  expect(errors).toEqual([new Error('It is not saved.')]);
  expect(await superviseOnce(options)).toMatchObject({ looked: 0 });
});

it('does nothing about what runs, and forgets what is saved (R-SUPERVISE-1)', async () => {
  const gate = createDeferred();
  const streamContext = createOwnContext();
  const saved: unknown[] = [];
  const task = streamTask({
    ...{ streamContext, heartbeatMs },
    execute: () => gate.promise,
    onSettle: (event) => void saved.push(event.isRecovered),
  });
  const consuming = task.consume();
  supervise({ streamContext, tasks: [], onSettle: () => void saved.push('by the supervisor') });
  await new Promise((resolve) => setTimeout(resolve, 5 * heartbeatMs));
  gate.resolve();
  await consuming;
  await until(() => saved.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 5 * heartbeatMs));
  expect(saved).toEqual([false]);
});

it('is not taken by two of many supervisors, nor looked at by each of them (R-SUPERVISE-2)', async () => {
  const { streamContext, report, runs } = createReport();
  const taskIds = await openWaiting(streamContext, 20);
  const options = { streamContext, tasks: [report], maxRunning: 100 };
  const counts = await Promise.all(Array.from({ length: 10 }, () => superviseOnce(options)));
  const sumOf = (name: 'looked' | 'taken') => counts.reduce((sum, each) => sum + each[name], 0);
  expect([sumOf('looked'), sumOf('taken'), runs.length]).toEqual([20, 20, 20]);
  for (const id of taskIds) expect(await statusOf(streamContext, id)).toBe('completed');
});

it('takes nothing more once it was stopped, and what was taken goes on (R-SUPERVISE-4)', async () => {
  const gate = createDeferred();
  const { streamContext, report, runs } = createReport(() => gate.promise);
  const [taskId = ''] = await openWaiting(streamContext);
  const supervisor = supervise({ streamContext, tasks: [report] });
  await until(() => runs.length === 1);
  await supervisor.stop();
  await supervisor.stop();
  await openWaiting(streamContext);
  await new Promise((resolve) => setTimeout(resolve, 5 * heartbeatMs));
  expect(runs).toHaveLength(1);
  gate.resolve();
  await until(async () => (await statusOf(streamContext, taskId)) === 'completed');
});

it('takes nothing more once the process drains (R-SUPERVISE-4)', async () => {
  const { streamContext, report, runs } = createReport();
  await openWaiting(streamContext);
  void streamContext.drain?.({ timeoutMs: 10 });
  const supervisor = supervise({ streamContext, tasks: [report] });
  await supervisor.stop();
  expect(await superviseOnce({ streamContext, tasks: [report] })).toMatchObject({ looked: 0 });
  expect(runs).toEqual([]);
});

it('tells of a storage that is away, and goes on when it is back (R-SUPERVISE-4)', async () => {
  const { streamContext, report, runs } = createReport();
  await openWaiting(streamContext);
  const context = createFaultyStreamContext(streamContext, [
    ...[1, 2, 3].map((at) => ({ fault: 'unavailable', call: 'dueTasks', at }) as const),
    { fault: 'unavailable', call: 'inspect', at: 1 },
  ]);
  const errors: [error: unknown, taskId: string][] = [];
  supervise({
    ...{ streamContext: context, tasks: [report] },
    onError: (error, { taskId }) => void errors.push([error, taskId]),
  });
  await until(() => runs.length === 1);
  expect(errors.map(([error]) => (error as TaskError).code)).toEqual(
    Array(4).fill('context-unavailable'),
  );
  expect(errors.filter(([, taskId]) => taskId === '')).toHaveLength(3);
});

it('says what is wrong with its options', async () => {
  const { streamContext, report } = createReport();
  const other = defineTask({ name: 'report', execute: () => 'other' });
  const { dueTasks, ...without } = createOwnContext();
  const tasks = [report];
  const wrong: [SuperviseTasksOptions, message: string][] = [
    [{ streamContext: without, tasks }, 'has no index of open tasks'],
    [{ streamContext, tasks: [report, other] }, 'two definitions of the name `report`'],
    [{ streamContext, tasks: [report, report] }, 'two definitions of the name `report`'],
    [{ streamContext, tasks: [{} as typeof report] }, 'no defined task'],
    [{ streamContext, tasks, maxRunning: 0 }, '`maxRunning`'],
    [{ streamContext, tasks, heartbeatMs: 0 }, '`heartbeatMs`'],
  ];
  for (const [options, message] of wrong) {
    const error = { code: 'invalid-options', message: expect.stringContaining(message) };
    expect(() => superviseTasks(options)).toThrow(expect.objectContaining(error));
    await expect(superviseOnce(options)).rejects.toMatchObject(error);
  }
  expect(createMemoryStreamContext().dueTasks).toBeDefined();
});
