import { TaskError, type TaskErrorCode } from '../protocol/task-error';

/** An error that the client itself finds. */
export function clientError(code: TaskErrorCode, message: string, cause?: unknown): TaskError {
  return new TaskError({ code, message, cause, retryable: code === 'gave-up' });
}
