/** A timer that fires when its time has been let pass. */
interface ManualTimer {
  /** When it is due, in the clock's milliseconds. */
  dueAt: number;
  /** Set for timers that repeat. */
  readonly everyMs: number | undefined;
  fire(): void;
}

/** Timers that a manual clock drives, in place of the global functions. */
export interface ManualTimers {
  /** The global functions as they are to be while the clock stands. */
  readonly functions: Readonly<Record<string, (...parameters: never[]) => unknown>>;
  /** When the next timer is due, unless that is later than the given time. */
  nextDue(until: number): number | undefined;
  /** Fires the timer that is due next. */
  fireNext(): void;
}

/** The longest that a timer can wait; anything beyond fires at once, as with real ones. */
const longestMs = 2 ** 31 - 1;

export function createManualTimers(now: () => number): ManualTimers {
  // In the order of their making, which decides between timers that are due at once.
  const timers = new Set<ManualTimer>();
  const { clearTimeout: clearReal } = globalThis;

  const start = (repeats: boolean) => {
    return (callback: (...values: unknown[]) => void, ms?: number, ...values: unknown[]) => {
      const waitMs = ms !== undefined && ms >= 1 && ms <= longestMs ? Math.trunc(ms) : 1;
      const timer = {
        dueAt: now() + waitMs,
        everyMs: repeats ? waitMs : undefined,
        fire: () => callback(...values),
        // What Node's timers can do; nothing here keeps a process alive.
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
    // One that was made before the clock was, goes by the real time.
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
