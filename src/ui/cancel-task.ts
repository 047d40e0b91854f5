import { backOff } from './back-off';
import { isPageAway } from './page-wake';
import type { FollowOptions } from './task-client-options';

/**
 * Asks the server to stop a task, again and again while it cannot be reached. Resolves with
 * whether the server took the request; `false` when the signal aborted before. Never rejects.
 *
 * @param send Makes the request.
 */
export async function cancelTask(
  options: FollowOptions,
  send: () => Promise<Pick<Response, 'ok' | 'status'>>,
  signal: AbortSignal,
): Promise<boolean> {
  for (let failures = 0; !signal.aborted && failures < (options.reconnect?.maxAttempts ?? 10); ) {
    try {
      const { ok, status } = await send();
      if (status < 500) return ok;
    } catch {
      // The server cannot be reached, or the signal aborted.
    }
    await backOff(options, isPageAway() ? failures : failures++, 0, signal);
  }
  return false;
}
