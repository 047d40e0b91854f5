import { processWide } from '../log/process-wide';
import type { TaskStreamContext } from '../log/task-stream-context';

type Running = WeakMap<TaskStreamContext, Map<string, number>>;

function runningOn(context: TaskStreamContext): Map<string, number> {
  const contexts = processWide('running-tasks.v1', (): Running => new WeakMap());
  const running = contexts.get(context) ?? new Map<string, number>();
  contexts.set(context, running);
  return running;
}

/**
 * The tasks of a context that this process runs, or is about to take, by taskId. (A number above 1
 * means that an attempt has not noticed yet that it was given up, and this process makes the next.)
 */
export function runningTasks(context: TaskStreamContext): ReadonlyMap<string, number> {
  return runningOn(context);
}

/** Counts a task as one that this process runs, until the returned function is called. */
export function countRunning(context: TaskStreamContext, taskId: string): () => void {
  const running = runningOn(context);
  running.set(taskId, (running.get(taskId) ?? 0) + 1);
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    const left = (running.get(taskId) ?? 0) - 1;
    if (left > 0) running.set(taskId, left);
    else running.delete(taskId);
  };
}
