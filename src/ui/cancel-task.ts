import { type Answer, requestPatiently } from './request-patiently';
import type { FollowOptions } from './task-client-options';

/**
 * Asks the server to stop a task, again and again while it cannot be reached. Resolves with
 * whether the server took the request; `false` when the signal aborted before. Never rejects.
 *
 * @param send Makes the request.
 */
export async function cancelTask(
  options: FollowOptions,
  send: () => Promise<Answer>,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    return (await requestPatiently(options, send, signal)).ok;
  } catch {
    // The server cannot be reached, or the signal aborted.
    return false;
  }
}
