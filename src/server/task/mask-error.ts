import { TaskError } from '../../protocol/task-error';
import { callHost } from '../log/call-host';
import { sendable } from '../log/sendable';
import { isForClients } from '../log/task-errors';

/** A host's callback for errors. It may be `async`, too. */
export type OnError = (error: unknown, context: { taskId: string }) => unknown;

/**
 * Hands an error to the host's `onError`, by default to the console. A callback that fails, at once
 * or later, must not break what goes on here.
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
 * Makes the function that hands errors to the host and says what a client may know of them.
 * A `TaskError` passes as it is, if it is for clients and its details can be sent; whatever
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
  // Known for as long as the error itself is, or for a while: work may fail at very many things.
  const masked = new WeakMap<object, TaskError>();
  let newest: { error: unknown; translated: TaskError } | undefined;

  const report = (error: unknown) => reportTo(onError, error, taskId);

  const translate = (error: unknown): TaskError => {
    if (isForClients(error)) return sendable(error, report);
    try {
      const translated: unknown = toTaskError?.(error);
      if (TaskError.isInstance(translated)) return sendable(translated, report);
      if (translated) {
        // It may be a promise that fails later.
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
