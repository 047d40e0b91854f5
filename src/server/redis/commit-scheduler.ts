/** Decides when tasks commit: at once, as long as there are not too many commits in all. */
export interface CommitScheduler {
  /** Runs the commit in a moment; what is asked for twice meanwhile is run once. */
  schedule(commit: () => void): void;
  close(): void;
}

/** Commits are counted in windows of so many milliseconds. */
const windowMs = 20;

function soon(callback: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  if (setImmediate) setImmediate(callback);
  else setTimeout(callback, 0);
}

/**
 * One scheduler for all tasks of a process. A commit waits for the end of the event loop's turn,
 * so that what a turn wrote goes together; if `intervalMs` is not 0, commits of all tasks gather
 * and run that far apart. Beyond `maxPerSecond` commits of all tasks together they take turns,
 * first come, first served: the interval between two commits of one task then grows with the
 * number of busy tasks.
 */
export function createCommitScheduler({
  intervalMs,
  maxPerSecond = 8_000,
}: {
  intervalMs: number;
  maxPerSecond?: number;
}): CommitScheduler {
  const waiting = new Set<() => void>();
  const maxPerWindow = Math.max(1, Math.round((maxPerSecond * windowMs) / 1_000));
  // By `performance.now()`.
  let windowStart = Number.NEGATIVE_INFINITY;
  let flushedAt = Number.NEGATIVE_INFINITY;
  let inWindow = 0;
  let isArmed = false;
  let isClosed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const flush = () => {
    isArmed = false;
    if (isClosed) return;
    const now = performance.now();
    flushedAt = now;
    if (now - windowStart >= windowMs) {
      windowStart = now;
      inWindow = 0;
    }
    for (const commit of waiting) {
      if (inWindow >= maxPerWindow) break;
      waiting.delete(commit);
      inWindow++;
      commit();
    }
    if (waiting.size > 0) arm(windowMs - (now - windowStart));
  };

  const arm = (delayMs: number) => {
    if (isArmed || isClosed) return;
    isArmed = true;
    if (delayMs > 0) timer = setTimeout(flush, delayMs);
    else soon(flush);
  };

  return {
    schedule(commit) {
      if (isClosed || waiting.has(commit)) return;
      waiting.add(commit);
      arm(flushedAt + intervalMs - performance.now());
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      waiting.clear();
    },
  };
}
