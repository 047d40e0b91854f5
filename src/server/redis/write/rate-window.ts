/** Commits are counted in windows of so many milliseconds. */
const windowMs = 20;

/** Of the time that a busy event loop was away, so many windows are made up for at most. */
const maxLateWindows = 50;

/** Counts how much is done in a short time, so that it is not too much. Times are `performance.now()`. */
export interface RateWindow {
  /** Whether one more may be done, or several for the time since, if more was to do then. */
  hasRoom(now: number, isBacklogged: boolean): boolean;
  /** One more was done. */
  count(): void;
  /** In how many milliseconds there is room again. */
  restMs(now: number): number;
}

export function createRateWindow(maxPerSecond: number): RateWindow {
  const maxPerWindow = Math.max(1, Math.round((maxPerSecond * windowMs) / 1_000));
  let start = Number.NEGATIVE_INFINITY;
  let done = 0;
  let allowed = maxPerWindow;

  return {
    hasRoom(now, isBacklogged) {
      const elapsed = (now - start) / windowMs;
      if (elapsed >= 1) {
        start = now;
        done = 0;
        allowed = Math.floor(maxPerWindow * (isBacklogged ? Math.min(elapsed, maxLateWindows) : 1));
      }
      return done < allowed;
    },
    count() {
      done++;
    },
    restMs: (now) => windowMs - (now - start),
  };
}
