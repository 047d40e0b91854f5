/** The longest that a timer can wait; anything beyond fires at once. */
export const longestTimeoutMs: number = 2 ** 31 - 1;

/** `setTimeout`, but a process that has nothing else to do may end before. */
export function later(callback: () => void, ms: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(callback, Math.min(ms, longestTimeoutMs));
  // Edge runtimes give a number instead.
  if (typeof timer === 'object') timer.unref();
  return timer;
}
