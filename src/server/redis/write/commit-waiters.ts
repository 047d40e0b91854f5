import type { TaskLog } from '../../log/task-stream-context';
import type { PendingFrames } from './pending-frames';

/** Those who wait until a producer's frames are stored, or until few enough wait to be. */
export interface CommitWaiters extends Pick<TaskLog, 'isBehind' | 'caughtUp' | 'flushed'> {
  /** Whether there is something to store. */
  hasWork(): boolean;
  /** Whether the storage is away, which it is no use to wait for. */
  readonly isAway: boolean;
  /** Takes note of whether it is: a call failed, or takes very long. */
  noteAway(isAway: boolean): void;
  /** Takes note that nothing is stored any more. */
  end(): void;
  /** Wakes those whose time has come. */
  wake(): void;
}

interface FlushWaiter {
  /** How many frames have to be stored. */
  readonly count: number;
  readonly resolve: () => void;
}

export function createCommitWaiters(
  pending: PendingFrames,
  maxUnflushedBytes: number,
  /** Whether the task is about to be settled, which is waited for, too. */
  isSettling: () => boolean,
): CommitWaiters {
  let isAway = false;
  let hasEnded = false;
  let flushWaiters: FlushWaiter[] = [];
  const pauseWaiters: (() => void)[] = [];

  const hasWork = () => isSettling() || pending.length() > 0;

  const isIdle = () => hasEnded || isAway || !hasWork();

  /** Whether so little waits that whoever paused may go on. */
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
