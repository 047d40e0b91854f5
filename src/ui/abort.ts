/**
 * Calls the listener when the signal aborts, at once if it already has; returns what removes the
 * listener. Works with signals that are no `EventTarget`, such as those of React Native.
 */
export function onAbort(signal: Partial<AbortSignal>, listener: () => void): () => void {
  const { onabort } = signal;
  let call: (() => void) | undefined = listener;
  const abort = () => call?.();
  if (signal.addEventListener) signal.addEventListener('abort', abort);
  else {
    signal.onabort = function (this: AbortSignal, event) {
      onabort?.call(this, event);
      abort();
    };
  }
  if (signal.aborted) abort();
  return () => {
    call = undefined;
    signal.removeEventListener?.('abort', abort);
  };
}

/** @throws If the signal has aborted: its reason, or an `AbortError` where signals have no reason. */
export function throwIfAborted({ aborted, reason }: AbortSignal): void {
  if (aborted) throw reason ?? named(new Error('Aborted.'));
}

/** An error that clients of the AI SDK take for an abort, because of its name. */
export function createAbortError(message: string | undefined): Error {
  const { DOMException } = globalThis;
  return DOMException ? new DOMException(message, 'AbortError') : named(new Error(message));
}

function named(error: Error): Error {
  error.name = 'AbortError';
  return error;
}
