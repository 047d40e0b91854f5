import { TaskError } from '../protocol/task-error';
import { clientError } from './client-error';
import { errorText } from './error-text';
import { thrownAnswer } from './thrown-answer';

/** What platforms and libraries say of networks. */
const ofNetwork =
  /network|to fetch|fetch failed|connect|offline|internet|load failed|timed? ?out|socket|abort|terminated|reach|getaddr/i;

/** An error that code of the page has thrown, told as what it is; one of ours stays the same. */
export function pageFault(what: string, cause: unknown): TaskError {
  if (TaskError.isInstance(cause)) return cause;
  return clientError('page-failed', `${what} failed: ${errorText(cause)}`, cause);
}

/**
 * What to make of an error that kept a request from being answered: the answer that it tells of.
 *
 * @param maker The code of the page that has thrown it. Default: its `fetch`, whose errors are the
 * network's in doubt.
 * @throws TaskError `page-failed` for a fault of the page's code, and all else as it is.
 */
export function toAnswer(error: unknown, maker?: string): Response {
  const answer = thrownAnswer(error);
  if (answer) return answer;
  const { name, message = error, stack } = Object(error);
  // A network's is a TypeError, too; in the user's language, where it has no stack.
  const isOfCode = maker || (name === 'TypeError' ? stack : /^(Reference|Range|URI)E/.test(name));
  throw isOfCode && !ofNetwork.test(message) ? pageFault(maker ?? '`fetch`', error) : error;
}
