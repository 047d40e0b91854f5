import { type AskToStopOptions, askToStop } from '../ask-to-stop';
import { jsonResponse } from '../http/responses';
import { createNotFoundError, unlessAway } from '../log/task-errors';
import { mayKnow } from '../log/task-guard';
import type { TaskStreamContext } from '../log/task-stream-context';

/**
 * Asks a task to stop, and answers whether it will. A task that is not open yet is asked, too: the
 * context keeps the request until it opens.
 *
 * @throws TaskError `not-found`, `context-unavailable`.
 */
export async function cancelResponse(
  streamContext: TaskStreamContext,
  taskId: string,
  { reason, queue, ...asker }: AskToStopOptions,
): Promise<Response> {
  const record = await unlessAway(streamContext.inspect(taskId, asker));
  const cancelled = await askToStop(streamContext, taskId, { ...asker, reason, queue });
  if (!record || !mayKnow(record, asker)) throw createNotFoundError();
  return jsonResponse({ cancelled });
}
