import type { TaskLog } from '../../log/task-stream-context';
import type { PendingFrames } from './pending-frames';

/** Callers who wait until a producer's frames are stored, or until few enough are not. */
export interface CommitWaiters extends Pick<TaskLog, 'isBehind' | 'caughtUp' | 'flushed'> {
  /** Whether there is something to store. */
  hasWork(): boolean;
  /** Whether the storage is away: nobody waits for it then. */
  readonly isAway: boolean;
  /** To be called when a call has failed or takes very long (`true`), or has worked (`false`). */
  noteAway(isAway: boolean): void;
  /** To be called when nothing will be stored any more: nobody waits from then on. */
  end(): void;
  /** Wakes the callers who need not wait any more. */
  wake(): void;
}

interface FlushWaiter {
  /** How many frames of the log have to be stored before this caller is woken. */
  readonly count: number;
  readonly resolve: () => void;
}

export function createCommitWaiters(
  pending: PendingFrames,
  maxUnflushedBytes: number,
  /** Whether the task is about to be settled: `flushed` then waits for that, too. */
  isSettling: () => boolean,
): CommitWaiters {
  let isAway = false;
  let hasEnded = false;
  let flushWaiters: FlushWaiter[] = [];
  const pauseWaiters: (() => void)[] = [];

  const hasWork = () => isSettling() || pending.length() > 0;

  const isIdle = () => hasEnded || isAway || !hasWork();

  /** Whether so little waits to be stored that paused streams may go on. */
  const hasCaughtUp = () => hasEnded || isAway || pending.length() <= maxUnflushedBytes / 4;

  const wake = () => {
    if (hasCaughtUp()) for (const resolve of pauseWaiters.splice(0)) resolve();
    const waiting = flushWaiters;
    flushWaiters = [];
    for (const waiter of waiting) {
      if (isIdle() || waiter.count <= pending.storedCount()) waiter.resolve();
      else flushWaiters.push(waiter);
    }
  };

  return {
    hasWork,
    get isAway() {
      return isAway;
    },
    get isBehind() {
      return !isAway && pending.length() > maxUnflushedBytes / 2;
    },
    caughtUp: () =>
      hasCaughtUp() ? Promise.resolve() : new Promise((resolve) => pauseWaiters.push(resolve)),
    flushed() {
      if (isIdle()) return Promise.resolve();
      const count = isSettling() ? Number.POSITIVE_INFINITY : pending.count();
      return new Promise((resolve) => flushWaiters.push({ count, resolve }));
    },
    noteAway(now) {
      isAway = now;
      if (isAway) wake();
    },
    end() {
      hasEnded = true;
      wake();
    },
    wake,
  };
}
