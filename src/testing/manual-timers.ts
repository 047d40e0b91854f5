/** A timer that fires when a manual clock comes to its time. */
interface ManualTimer {
  /** When it is due, in the clock's milliseconds. */
  dueAt: number;
  /** The interval of a timer that repeats, in milliseconds. */
  readonly everyMs: number | undefined;
  fire(): void;
}

/** Timers that a manual clock drives, in place of the global functions. */
export interface ManualTimers {
  /** What to put in the place of the global functions while the clock stands, by their names. */
  readonly functions: Readonly<Record<string, (...parameters: never[]) => unknown>>;
  /** When the next timer is due, unless that is later than the given time. */
  nextDue(until: number): number | undefined;
  /** Fires the timer that is due next. */
  fireNext(): void;
}

/** The longest that a timer can wait, in milliseconds; a longer one fires at once, as real ones do. */
const longestMs = 2 ** 31 - 1;

export function createManualTimers(now: () => number): ManualTimers {
  // In the order in which they were set, which decides between timers that are due at the same time.
  const timers = new Set<ManualTimer>();
  const { clearTimeout: clearReal } = globalThis;

  const start = (repeats: boolean) => {
    return (callback: (...values: unknown[]) => void, ms?: number, ...values: unknown[]) => {
      const waitMs = ms !== undefined && ms >= 1 && ms <= longestMs ? Math.trunc(ms) : 1;
      const timer = {
        dueAt: now() + waitMs,
        everyMs: repeats ? waitMs : undefined,
        fire: () => callback(...values),
        // The methods of Node's timers. A manual timer never keeps the process alive.
        ref: () => timer,
        unref: () => timer,
        hasRef: () => false,
        refresh() {
          timer.dueAt = now() + waitMs;
          return timer;
        },
      };
      timers.add(timer);
      return timer;
    };
  };

  const clear = (timer: ManualTimer & Parameters<typeof clearTimeout>[0]) => {
    // A timer that was set before the clock was installed is a real one.
    if (!timers.delete(timer)) clearReal(timer);
  };

  const findNext = () => {
    let next: ManualTimer | undefined;
    for (const timer of timers) if (!next || timer.dueAt < next.dueAt) next = timer;
    return next;
  };

  return {
    functions: {
      setTimeout: start(false),
      setInterval: start(true),
      clearTimeout: clear,
      clearInterval: clear,
    },
    nextDue(until) {
      const next = findNext();
      return next && next.dueAt <= until ? next.dueAt : undefined;
    },
    fireNext() {
      const next = findNext();
      if (!next) return;
      if (next.everyMs === undefined) timers.delete(next);
      else next.dueAt += next.everyMs;
      next.fire();
    },
  };
}
