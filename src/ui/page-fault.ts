import { TaskError } from '../protocol/task-error';
import { clientError } from './client-error';
import { errorText } from './error-text';
import { thrownAnswer } from './thrown-answer';

/** Words in which platforms and libraries tell of trouble with the network. */
const ofNetwork =
  /network|to fetch|fetch failed|connect|offline|internet|load failed|timed? ?out|socket|abort|terminated|reach|getaddr/i;

/** Whether a message tells of trouble with the network. */
export function isOfNetwork(message: unknown): boolean {
  return ofNetwork.test(String(message));
}

/** Turns what the page's code has thrown into `page-failed`; a `TaskError` stays as it is. */
export function pageFault(what: string, cause: unknown): TaskError {
  if (TaskError.isInstance(cause)) return cause;
  return clientError('page-failed', `${what} failed: ${errorText(cause)}`, cause);
}

/**
 * Turns the error of a failed request into the response that it tells of, if it tells of one.
 *
 * @param maker The code of the page that has thrown the error. Default: the page's `fetch`, whose
 * errors count as the network's when in doubt.
 * @throws TaskError `page-failed` for a fault of the page's code, and every other error as it is.
 */
export function toAnswer(error: unknown, maker?: string): Response {
  const answer = thrownAnswer(error);
  if (answer) return answer;
  const { name, message = error, stack } = Object(error);
  // An error of the network is a TypeError, too. One in the user's language has no stack.
  const isOfCode = maker || (name === 'TypeError' ? stack : /^(Reference|Range|URI)E/.test(name));
  throw isOfCode && !isOfNetwork(message) ? pageFault(maker ?? '`fetch`', error) : error;
}
