import { throwIfAborted } from './abort';
import { createPatience } from './patience';
import { isPassing, retryAfterMs } from './retry-after';
import type { FollowOptions } from './task-client-options';

/**
 * Makes a request again and again while the server cannot be reached. When that is given up, it
 * comes to what the last one did.
 *
 * @param signal Ends further attempts, but not the one under way.
 */
export async function requestPatiently(
  options: FollowOptions,
  send: () => Promise<Response>,
  signal: AbortSignal,
): Promise<Response> {
  const patience = createPatience(options);
  for (;;) {
    const sent = send();
    const { status, headers } = await sent.catch(() => ({ status: 503, headers: new Headers() }));
    if (!isPassing(status)) return sent;
    throwIfAborted(signal);
    if (!patience.judge(false)) return sent;
    await patience.pause(retryAfterMs(headers), signal);
    throwIfAborted(signal);
  }
}
