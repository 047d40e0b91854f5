/** The longest that a timer can wait, in milliseconds; a longer one fires at once. */
export const longestTimeoutMs: number = 2 ** 31 - 1;

/** `setTimeout` that does not keep a process alive: with nothing else to do, the process ends. */
export function later(callback: () => void, ms: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(callback, Math.min(ms, longestTimeoutMs));
  // Edge runtimes return a number, and not a timer object.
  if (typeof timer === 'object') timer.unref();
  return timer;
}
