/** `setTimeout`, but a process that has nothing else to do may end before. */
export function later(callback: () => void, ms: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(callback, ms);
  // Edge runtimes give a number instead.
  if (typeof timer === 'object') timer.unref();
  return timer;
}
