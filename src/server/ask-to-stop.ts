import { boundReason } from './cancel-reason';
import type { CancelOptions, TaskStreamContext } from './context/task-stream-context';
import { unlessAway } from './task-errors';

/**
 * Asks a task to stop, whatever the reason that was given is like.
 *
 * @throws TaskError `context-unavailable`.
 */
export function askToStop(
  context: TaskStreamContext,
  taskId: string,
  { reason, ...options }: CancelOptions,
): Promise<boolean> {
  return unlessAway(context.cancel(taskId, { ...options, reason: boundReason(reason) }));
}
