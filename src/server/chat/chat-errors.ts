import { TaskError } from '../../protocol/task-error';

/** The error for a message from a page that does not fit, or does not fit the stored chat. */
export function createMessageError(message: string, cause?: unknown): TaskError {
  return new TaskError({ code: 'invalid-message', message, cause });
}

/** The error for a body that is no request for a turn. */
export function createBodyError(message: string, details?: unknown): TaskError {
  return new TaskError({ code: 'invalid-body', message, details });
}
