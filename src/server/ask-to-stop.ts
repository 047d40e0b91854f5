import { boundReason } from './log/cancel-reason';
import { unlessAway } from './log/task-errors';
import type { CancelOptions, TaskStreamContext } from './log/task-stream-context';

/**
 * Asks a task to stop. The reason, which may be a stranger's, is cut where it is too long.
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
