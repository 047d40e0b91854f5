import { TaskError } from '../../protocol/task-error';
import { callHost } from '../log/call-host';
import { sendable } from '../log/sendable';
import { isForClients } from '../log/task-errors';

/** A host's callback for errors. It may be `async`, too. */
export type OnError = (error: unknown, context: { taskId: string }) => unknown;

/**
 * Hands an error to the host's `onError`, by default to the console. An `onError` that throws or
 * rejects breaks nothing here.
 */
export function reportTo(onError: OnError | undefined, error: unknown, taskId: string): void {
  const tell =
    onError ??
    (() => console.error(taskId ? `ai-task-stream: task ${taskId}:` : 'ai-task-stream:', error));
  callHost(
    () => tell(error, { taskId }),
    (hostError) => {
      console.error('ai-task-stream: `onError` threw:', hostError, 'It was told of:', error);
    },
  );
}

/**
 * Makes the function that reports errors to the host, and returns what a client may know of them. A
 * `TaskError` that is for clients passes as it is, if its details can be sent. Every other error that
 * `toTaskError` does not translate is masked. Each error is reported once.
 */
export function createErrorMask({
  taskId,
  toTaskError,
  onError,
}: {
  taskId: string;
  toTaskError?: (error: unknown) => TaskError | undefined;
  onError?: OnError;
}): (error: unknown) => TaskError {
  // Objects are remembered as long as they live, of other thrown values only the newest one.
  const masked = new WeakMap<object, TaskError>();
  let newest: { error: unknown; translated: TaskError } | undefined;

  const report = (error: unknown) => reportTo(onError, error, taskId);

  const translate = (error: unknown): TaskError => {
    if (isForClients(error)) return sendable(error, report);
    try {
      const translated: unknown = toTaskError?.(error);
      if (TaskError.isInstance(translated)) return sendable(translated, report);
      if (translated) {
        // An `async` function returns a promise, whose rejection has to be handled, too.
        callHost(() => translated, report);
        throw new TypeError('`toTaskError` must give a `TaskError` at once, or `undefined`.');
      }
    } catch (hostError) {
      report(hostError);
    }
    return new TaskError({ code: 'internal', message: 'The task failed.', cause: error });
  };

  return (error) => {
    const isObject = Object(error) === error;
    const known = isObject ? masked.get(error as object) : undefined;
    if (known) return known;
    if (!isObject && newest && Object.is(newest.error, error)) return newest.translated;
    report(error);
    const translated = translate(error);
    if (isObject) masked.set(error as object, translated);
    else newest = { error, translated };
    return translated;
  };
}
