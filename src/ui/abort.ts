/**
 * Calls the listener when the signal aborts, at once if it has; returns the way to stop. Does with
 * whatever a platform calls a signal: React Native's is no `EventTarget` of the DOM.
 */
export function onAbort(signal: Partial<AbortSignal>, listener: () => void): () => void {
  let call: (() => void) | undefined = listener;
  const abort = () => call?.();
  if (signal.addEventListener) signal.addEventListener('abort', abort);
  else {
    const { onabort } = signal;
    signal.onabort = (event: Event) => {
      onabort?.call(signal as AbortSignal, event);
      abort();
    };
  }
  if (signal.aborted) abort();
  return () => {
    call = undefined;
    signal.removeEventListener?.('abort', abort);
  };
}

/** What a request that a signal aborts fails with. Not every platform's signal has a reason. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? createAbortError('Aborted.');
}

/** @throws The signal's reason, if it has aborted. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal);
}

/** An error that the AI SDK's clients take for an abort, which they know by its name. */
export function createAbortError(message: string | undefined): Error {
  const { DOMException } = globalThis;
  return DOMException
    ? new DOMException(message, 'AbortError')
    : Object.assign(new Error(message), { name: 'AbortError' });
}
