/**
 * Calls the listener when the signal aborts, at once if it has; returns the way to stop. Does with
 * whatever a platform calls a signal: React Native's is no `EventTarget` of the DOM.
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

/** @throws The signal's reason, which not every platform's has, if it has aborted. */
export function throwIfAborted({ aborted, reason }: AbortSignal): void {
  if (aborted) throw reason ?? named(new Error('Aborted.'));
}

/** An error that the AI SDK's clients take for an abort, which they know by its name. */
export function createAbortError(message: string | undefined): Error {
  const { DOMException } = globalThis;
  return DOMException ? new DOMException(message, 'AbortError') : named(new Error(message));
}

function named(error: Error): Error {
  error.name = 'AbortError';
  return error;
}
