import { TaskError } from '../protocol/task-error';
import { isTaskId } from '../protocol/task-id';

/** @throws TaskError `invalid-task-id` unless the value can name a task. */
export function checkTaskId(value: unknown): string {
  if (isTaskId(value)) return value;
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

/** The error of a request that came while the storage was away. */
export function createUnavailableError(cause: unknown): TaskError {
  return new TaskError({
    code: 'context-unavailable',
    message: 'The storage of tasks is away. Try again shortly.',
    retryable: true,
    cause,
  });
}

/** What a stream context answers; any failure of its own is the error of a storage that is away. */
export async function unlessAway<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (cause) {
    throw TaskError.isInstance(cause) ? cause : createUnavailableError(cause);
  }
}

/** The error of a request to start one task more than may run at once. */
export function createTooManyTasksError(max: number): TaskError {
  return new TaskError({
    code: 'too-many-tasks',
    message: `No more than ${max} tasks may run at once. Wait for one to end, or cancel one.`,
    retryable: true,
  });
}
