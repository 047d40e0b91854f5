import { TaskError } from '../protocol/task-error';
import { requestPatiently } from './request-patiently';
import type { FollowOptions } from './task-client-options';

/**
 * Asks the server to stop a task, again and again while it cannot be reached. Resolves with
 * whether the server took the request; `false` when the signal aborted before. Never rejects.
 *
 * @param send Makes the request.
 * @param signal Ends further attempts, but not the one under way, whose answer counts.
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
    // Else the server cannot be reached, or the signal aborted.
    if (TaskError.isInstance(error)) console.error(error);
    return false;
  }
}

/** What a route said to the request: `{ "cancelled": false }` is no success. */
async function isTaken(response: Response): Promise<boolean> {
  const answer: unknown = await response.json().catch(() => {
    // A route may answer without a body.
  });
  return response.ok && Object(answer).cancelled !== false;
}
