// Tasks that may be attempted again, as whoever calls a stream context sees them.
import type {
  AttemptStart,
  OpenTaskOptions,
  StoredWork,
  TakenTask,
  TakeTaskOptions,
  TaskLog,
  TaskStreamContext,
} from 'ai-task-stream/server';
import { createId } from './tasks';

const definition = 'report';

const work: StoredWork = {
  ...{ input: '"in"', context: '"context"', version: 1, runner: 'any' },
  ...{ attempts: 3, maxTotal: 100, maxWaitMs: 600_000 },
};

/** A task's first snapshot. */
function snapshotOf(taskId: string) {
  return { taskId, status: 'running', createdAt: 1, updatedAt: 1 } as const;
}

function snapshotFrame(taskId: string): string {
  return JSON.stringify({ type: 'data-task', id: taskId, data: snapshotOf(taskId) });
}

/** Where an attempt begins that finds the checkpoint with that index. */
export function startAt(taskId: string, index: number): AttemptStart {
  const value = index < 0 ? {} : { value: `${index}` };
  return { index, ...value, logs: 0, partials: 0, snapshot: snapshotOf(taskId), nested: [] };
}

export function checkpointFrame(taskId: string, index: number): string {
  return JSON.stringify({ type: 'data-task-checkpoint', data: { taskId, index }, transient: true });
}

/** What a definition's task is opened with. */
export function openingOf(
  taskId: string,
  {
    work: changed,
    ...options
  }: Omit<Partial<OpenTaskOptions>, 'work'> & {
    work?: Partial<StoredWork>;
  } = {},
): OpenTaskOptions {
  return {
    ...{ definition, leaseMs: 60_000, token: createId() },
    frames: ['{"type":"start"}', snapshotFrame(taskId)],
    start: startAt(taskId, -1),
    work: { ...work, ...changed },
    ...options,
  };
}

/** Opens a task that may be attempted again. */
export async function openWork(
  context: TaskStreamContext,
  taskId: string,
  options?: Parameters<typeof openingOf>[1],
): Promise<TaskLog> {
  const log = await context.open(taskId, openingOf(taskId, options));
  if (!log) throw new Error('The task exists already.');
  return log;
}

/** Stores a checkpoint; its value is its index. */
export async function checkpoint(log: TaskLog, taskId: string, index: number): Promise<boolean> {
  return (await log.checkpoint?.(checkpointFrame(taskId, index), startAt(taskId, index))) === true;
}

/** Takes a task, if that is possible now. */
export async function tryTake(
  context: TaskStreamContext,
  taskId: string,
  options: Partial<TakeTaskOptions> = {},
): Promise<TakenTask | undefined> {
  const asker = { runner: 'any', definition, version: 1, leaseMs: 60_000, token: createId() };
  return context.take?.(taskId, { ...asker, ...options });
}

/** Takes a task that waits. */
export async function take(
  context: TaskStreamContext,
  taskId: string,
  options?: Partial<TakeTaskOptions>,
): Promise<TakenTask> {
  const taken = await tryTake(context, taskId, options);
  if (!taken) throw new Error('The task cannot be taken.');
  return taken;
}

/** Closing frames, of which a settlement is all that tests look at. */
export function closingOf(taskId: string): string[] {
  const data = { taskId, status: 'completed', durationMs: 1, settledAt: 2 };
  return [JSON.stringify({ type: 'data-task-settle', id: taskId, data }), '{"type":"finish"}'];
}
