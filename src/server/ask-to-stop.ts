import { boundReason } from './log/cancel-reason';
import { unlessAway } from './log/task-errors';
import type { TaskRunnerQueue } from './log/task-queue';
import type { CancelOptions, TaskStreamContext } from './log/task-stream-context';

/** How a task is asked to stop. */
export interface AskToStopOptions extends CancelOptions {
  /** The queue whose workers run the task, which has nothing more to do about it. Default: none. */
  queue?: TaskRunnerQueue | undefined;
}

/**
 * Asks a task to stop. The reason, which may be a stranger's, is cut where it is too long.
 *
 * @throws TaskError `context-unavailable`.
 */
export async function askToStop(
  context: TaskStreamContext,
  taskId: string,
  { reason, queue, ...options }: AskToStopOptions,
): Promise<boolean> {
  const asked = { ...options, reason: boundReason(reason) };
  const isAsked = await unlessAway(context.cancel(taskId, asked));
  // What is left in the queue would be found to have nothing to do, so nobody waits for this.
  if (isAsked && queue) void removeFrom(queue, context, taskId);
  return isAsked;
}

/** Takes the next attempt at a task that is over, or about to be, from its queue. Never rejects. */
async function removeFrom(
  queue: TaskRunnerQueue,
  context: TaskStreamContext,
  taskId: string,
): Promise<void> {
  // The storage may be away; then a worker finds that the task is over.
  const record = await context.inspect(taskId).catch(() => undefined);
  if (record?.attempt === undefined) return;
  await queue.remove({ taskId, attempt: record.attempt + 1 });
}
