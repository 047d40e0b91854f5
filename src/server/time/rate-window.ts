/** How long the windows are in which commits are counted, in milliseconds. */
const windowMs = 20;

/** How many windows that a busy event loop has missed are made up for at most. */
const maxLateWindows = 50;

/** Limits how many things are done per window of time. Times are by `performance.now()`. */
export interface RateWindow {
  /** Whether one more may be done now. With a backlog, missed windows are made up for. */
  hasRoom(now: number, isBacklogged: boolean): boolean;
  /** To be called when one more was done. */
  count(): void;
  /** In how many milliseconds the next window begins. */
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
