import type { DueTask, DueTasksOptions } from '../log/open-tasks';
import type { MemoryLog, MemoryState } from './memory-state';

/** Takes up to `limit` open tasks that are due, and puts off when they are due again. */
export function takeDueTasks(
  { openTasks }: MemoryState,
  { definitions, limit, leaseMs }: DueTasksOptions,
): DueTask[] {
  const now = Date.now();
  const until = now + leaseMs;
  return [...openTasks]
    .filter(([{ definition }, dueAt]) => dueAt <= now && definitions.includes(definition))
    .sort(([, one], [, other]) => one - other)
    .slice(0, limit)
    .map(([log]) => {
      openTasks.set(log, until);
      const { taskId, definition, createdAt } = log;
      return { taskId, definition, createdAt, entry: taskId, until };
    });
}

/** Says when a task is due again that was given to somebody; `undefined`: never. */
export function lookAgain(
  { logs, openTasks }: MemoryState,
  { taskId, until }: DueTask,
  inMs: number | undefined,
): void {
  const log = logs.get(taskId);
  if (!log || openTasks.get(log) !== until) return;
  if (inMs === undefined) openTasks.delete(log);
  else openTasks.set(log, Date.now() + inMs);
}

/** Makes an open task due at another time, in epoch milliseconds. */
export function makeDue({ openTasks }: MemoryState, log: MemoryLog, dueAt: number): void {
  if (openTasks.has(log)) openTasks.set(log, dueAt);
}
