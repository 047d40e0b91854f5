/**
 * Runs the callback in the event loop's next turn, after the I/O that is due. Waiting until then
 * costs nothing, because sockets send no earlier, and gathers in one write what comes meanwhile.
 */
export function inNextTurn(callback: () => void): void {
  const { setImmediate, EdgeRuntime } = globalThis as {
    setImmediate?: (callback: () => void) => unknown;
    EdgeRuntime?: string;
  };
  // Edge runtimes have no `setImmediate`; that of Next.js has one that throws.
  if (setImmediate && EdgeRuntime === undefined) setImmediate(callback);
  else setTimeout(callback, 0);
}

/** Resolves in the event loop's next turn. */
export function nextTurn(): Promise<void> {
  return new Promise(inNextTurn);
}
