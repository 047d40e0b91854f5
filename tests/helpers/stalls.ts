/** How often it is looked whether the process gets its turn, in milliseconds. */
const tickMs = 50;

/** For how long in all the process got no turn while it was watched, in milliseconds. */
let stalledMs = 0;
let isWatched = false;

function tick(): void {
  const dueAt = performance.now() + tickMs;
  setTimeout(() => {
    stalledMs += Math.max(0, performance.now() - dueAt);
    tick();
  }, tickMs).unref();
}

/**
 * Tells for how long this process has got no turn since this call, in milliseconds. What has to be
 * done within a time, has to be done within as much more.
 */
export function watchStalls(): () => number {
  if (!isWatched) tick();
  isWatched = true;
  const before = stalledMs;
  return () => stalledMs - before;
}
