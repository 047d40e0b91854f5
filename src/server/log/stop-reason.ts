import { TaskError } from '../../protocol/task-error';
import { sendable } from './sendable';
import { isForClients } from './task-errors';

/**
 * An abort reason that both AI SDK versions take for an abort: a `DOMException` named
 * `AbortError` or `TimeoutError`. What happened is its `cause`, a `TaskError`.
 */
export function createStopReason(error: TaskError): DOMException {
  const name = error.code === 'timeout' ? 'TimeoutError' : 'AbortError';
  const reason = new DOMException(error.message, name);
  // A property, because not every runtime's DOMException takes a cause in its constructor.
  Object.defineProperty(reason, 'cause', { value: error, configurable: true });
  return reason;
}

/**
 * The error behind an abort reason, as clients may see it. A reason that is no `TaskError` counts as a
 * cancel; if it is a string, it is the message.
 */
export function stopErrorOf(reason: unknown): TaskError {
  if (isForClients(reason)) return sendable(reason);
  if (reason instanceof Error && isForClients(reason.cause)) return sendable(reason.cause);
  return cancelledError(typeof reason === 'string' ? reason : undefined);
}

/** The error of a task that somebody asked to stop. */
export function cancelledError(reason?: string): TaskError {
  return new TaskError({
    code: 'cancelled',
    message: reason ?? 'The task was cancelled.',
    retryable: true,
  });
}

/** The error of a task whose process is gone, or seems to be. */
export function lostError(message = 'The process that ran the task is gone.'): TaskError {
  return new TaskError({ code: 'lost', message, retryable: true });
}

/** The error of a task whose process has to go, where no other process goes on with it. */
export function drainedError(): TaskError {
  const message = 'The process that ran the task had to end before the task was done.';
  return new TaskError({ code: 'drained', message, retryable: true });
}

/** The error of a task that did not end before its deadline, in milliseconds. */
export function timeoutError(deadlineMs: number | undefined): TaskError {
  const message = `The task did not end within ${deadlineMs} ms.`;
  return new TaskError({ code: 'timeout', message, retryable: true });
}

/** The error of a task whose attempts do not get from one checkpoint to the next in time. */
export function outOfTimeError(): TaskError {
  const message = 'The task did not come to its next checkpoint within the time of one attempt.';
  return new TaskError({ code: 'timeout', message, retryable: true });
}

/** Whether work ended because it was told to. */
export function isAbort(error: unknown): boolean {
  if (TaskError.isInstance(error)) return error.code === 'stream-aborted';
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
