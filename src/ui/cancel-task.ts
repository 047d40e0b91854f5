import { TaskError } from '../protocol/task-error';
import { requestPatiently } from './request-patiently';
import type { FollowOptions } from './task-client-options';

/**
 * Asks the server to stop a task, again and again while it cannot be reached. Resolves with
 * whether the server took the request; `false` when the signal aborted before. Never rejects.
 *
 * @param send Makes the request.
 * @param signal Prevents further attempts; the answer to the attempt under way still counts.
 */
export async function cancelTask(
  options: FollowOptions,
  send: () => Promise<Response>,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    return await isTaken(await requestPatiently(options, send, signal));
  } catch (error) {
    // A `TaskError` is the page's own fault. Otherwise nobody can be reached, or the signal aborted.
    if (TaskError.isInstance(error)) console.error(error);
    return false;
  }
}

/** Whether a route took the request to cancel: `{ "cancelled": false }` says that it did not. */
async function isTaken(response: Response): Promise<boolean> {
  const answer: unknown = await response.json().catch(() => {
    // A route may answer without a body.
  });
  return response.ok && Object(answer).cancelled !== false;
}
