/** Those who wait until a producer's frames are stored, or until few enough wait to be. */
export interface CommitWaiters {
  /** Resolves once frame `last` is stored. */
  flushed(last: number): Promise<void>;
  /** Resolves once whoever paused may go on. */
  caughtUp(): Promise<void>;
  /**
   * Wakes those whose time has come.
   *
   * @param now.first The first frame that is not stored.
   * @param now.isIdle Whether it is no use to wait for any frame.
   */
  wake(now: { first: number; isIdle: boolean; hasCaughtUp: boolean }): void;
  /** All numbers change by so much. */
  shift(by: number): void;
}

interface FlushWaiter {
  /** The last frame that it waits for. */
  readonly last: number;
  readonly resolve: () => void;
}

export function createCommitWaiters(): CommitWaiters {
  let flushWaiters: FlushWaiter[] = [];
  const pauseWaiters: (() => void)[] = [];

  return {
    flushed: (last) => new Promise((resolve) => flushWaiters.push({ last, resolve })),
    caughtUp: () => new Promise((resolve) => pauseWaiters.push(resolve)),
    wake({ first, isIdle, hasCaughtUp }) {
      if (hasCaughtUp) for (const resolve of pauseWaiters.splice(0)) resolve();
      const waiting = flushWaiters;
      flushWaiters = [];
      for (const waiter of waiting) {
        if (isIdle || waiter.last < first) waiter.resolve();
        else flushWaiters.push(waiter);
      }
    },
    shift(by) {
      flushWaiters = flushWaiters.map(({ last, resolve }) => ({ last: last + by, resolve }));
    },
  };
}
