import { TaskError } from '../protocol/task-error';
import { throwIfAborted } from './abort';
import { toAnswer } from './page-fault';
import { createPatience } from './patience';
import { isPassing, retryAfterMs } from './retry-after';
import type { FollowOptions } from './task-client-options';

/**
 * Makes a request again and again while the server cannot be reached. When that is given up, it
 * returns or throws what the last attempt did.
 *
 * @param signal Prevents further attempts, but does not end the one under way.
 * @param isAgain Whether a response with that status asks for another attempt.
 */
export async function requestPatiently(
  options: FollowOptions,
  send: () => Promise<Response>,
  signal: AbortSignal,
  isAgain: (status: number) => boolean = isPassing,
): Promise<Response> {
  const patience = createPatience(options);
  for (;;) {
    const sent = send();
    const answer = await sent.catch(toAnswer).catch((error: unknown) => {
      if (TaskError.isInstance(error)) throw error;
    });
    if (answer && !isAgain(answer.status)) return sent;
    throwIfAborted(signal);
    if (!patience.judge(false)) return sent;
    await patience.pause(retryAfterMs(answer?.headers), signal);
    throwIfAborted(signal);
  }
}
