import { TaskError, type TaskErrorData } from '../../../protocol/task-error';
import { createUnavailableError } from '../../log/task-errors';

/** What Redis' error replies mean, by their first word. */
const causes = new Map([
  ['NOAUTH', 'it wants a password'],
  ['WRONGPASS', 'the password or the user is wrong'],
  [
    'NOPERM',
    'the user may not run a command, or touch a key or channel; the commands are eval, evalsha, ' +
      'those in the scripts, zrem, subscribe and unsubscribe',
  ],
  ['OOM', 'its memory is full (maxmemory)'],
  ['READONLY', 'it is a replica, which only reads'],
  ['WRONGTYPE', 'a key of this task holds something else; choose another keyPrefix'],
  ['LOADING', 'it is loading its data'],
  ['MASTERDOWN', 'its master is down'],
  ['CLUSTERDOWN', 'its cluster is down'],
  ['MISCONF', 'it cannot save to its disk'],
  ['BUSY', 'a script keeps it busy'],
  ['NOREPLICAS', 'it has too few replicas'],
  // The error that our own scripts answer.
  ['NEWER', 'a task is stored by a later version of this package, and left to that'],
]);

/** The message of Redis or its client; of an `AggregateError`, that of its first error. */
function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.message !== '') return cause.message;
  const [first] = cause instanceof AggregateError ? cause.errors : [];
  return first === undefined ? cause.name : textOf(first);
}

/** The first word of an error reply, such as `OOM`; `undefined` when Redis has not answered. */
export function replyCode(cause: unknown): string | undefined {
  return /^[A-Z]{2,}(?= )/.exec(textOf(cause))?.[0];
}

/** An error for the host. As plain data, as which errors leave the server, it tells no details. */
class StorageError extends TaskError {
  override toJSON(): TaskErrorData {
    return createUnavailableError(this).toJSON();
  }
}

/**
 * The one error of a Redis that is away or refuses, for the host alone: `context-unavailable`,
 * retryable, with what Redis or its client said in the message and as the `cause`.
 */
export function createStorageError(cause: unknown): TaskError {
  if (cause instanceof StorageError) return cause;
  const text = textOf(cause).replace(/\.$/, '');
  const meaning = causes.get(replyCode(cause) ?? '');
  return new StorageError({
    code: 'context-unavailable',
    message: `Redis does not keep tasks now: ${meaning ? `${meaning} (${text})` : text}.`,
    retryable: true,
    cause,
  });
}

/** The error for a task that ran a moment ago, and of which the storage has nothing now. */
export function createLogAwayError(): TaskError {
  return new TaskError({
    code: 'context-unavailable',
    message: 'The log of the task is not there now. It may come back: try again shortly.',
    retryable: true,
  });
}

/** The error of calls to a context that was closed. */
export function createClosedError(): TaskError {
  return createUnavailableError(new Error('The stream context is closed. Make a new one.'));
}
