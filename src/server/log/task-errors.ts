import { TaskError } from '../../protocol/task-error';
import { isTaskId } from '../../protocol/task-id';

/** @throws TaskError `invalid-task-id` unless the value can name a task. */
export function checkTaskId(value: unknown): string {
  if (isTaskId(value)) return value;
  if (value === undefined) {
    throw new TaskError({
      code: 'invalid-task-id',
      message: 'No task is named. Say which one with `taskId`, such as `?taskId=` in the address.',
    });
  }
  throw new TaskError({
    code: 'invalid-task-id',
    message: 'A taskId is a string of 16 to 128 characters of A-Z, a-z, 0-9, "_" and "-".',
  });
}

/** The error of a task that does not exist, has expired, or belongs to somebody else. */
export function createNotFoundError(): TaskError {
  return new TaskError({
    code: 'not-found',
    message: 'There is no such task, or its log is no longer kept. Start it anew.',
  });
}

const unavailableMessage = 'The storage of tasks is away. Try again shortly.';
const drainingMessage = 'The process that was asked is about to end. Try again shortly.';

/** What this package itself tells clients of the code `context-unavailable`. */
const toldMessages: ReadonlySet<string> = new Set([unavailableMessage, drainingMessage]);

/** The error of a request to start or take a task while the process drains. */
export function createDrainingError(): TaskError {
  return new TaskError({
    code: 'context-unavailable',
    message: drainingMessage,
    retryable: true,
  });
}

/**
 * The error of a request that came while the storage was away. The storage's own error, which may
 * tell addresses and the like, is its `cause` and never leaves the server.
 */
export function createUnavailableError(cause: unknown): TaskError {
  const isOne =
    TaskError.isInstance(cause) &&
    cause.code === 'context-unavailable' &&
    toldMessages.has(cause.message);
  if (isOne) return cause;
  return new TaskError({
    code: 'context-unavailable',
    message: unavailableMessage,
    retryable: true,
    cause,
  });
}

/** An error that a stream context has thrown, without the storage's own words. */
export function contextErrorOf(cause: unknown): TaskError {
  const isTyped = TaskError.isInstance(cause) && cause.code !== 'context-unavailable';
  return isTyped ? cause : createUnavailableError(cause);
}

/** The error of a log that ended without the outcome of its task: it may be read again. */
export function createUnsettledError(): TaskError {
  return new TaskError({
    code: 'unsettled',
    message: 'The log of the task ended without an outcome.',
    retryable: true,
  });
}

/**
 * Passes on what a stream context answers.
 *
 * @throws TaskError the one that the context throws; for any other error, `context-unavailable`.
 */
export async function unlessAway<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (cause) {
    throw contextErrorOf(cause);
  }
}

/**
 * Whether an error was written for clients. A `TaskError` of the code `invalid-options` was not: it
 * tells whoever wrote the server what to do.
 */
export function isForClients(error: unknown): error is TaskError {
  return TaskError.isInstance(error) && error.code !== 'invalid-options';
}

/** The error of a request to start one task more than may run at once. */
export function createTooManyTasksError(max: number): TaskError {
  return new TaskError({
    code: 'too-many-tasks',
    message: `No more than ${max} tasks may run at once. Wait for one to end, or cancel one.`,
    retryable: true,
  });
}
