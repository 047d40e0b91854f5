import type { TaskLog } from '../../log/task-stream-context';
import type { PendingFrames } from './pending-frames';

/** Callers who wait until a producer's frames are stored, or until few enough are not. */
export interface CommitWaiters extends Pick<TaskLog, 'isBehind' | 'caughtUp' | 'flushed'> {
  /** Whether there is something to store. */
  hasWork(): boolean;
  /** Resolves once something has come, or when the storage turns out to be away. */
  until(hasCome: () => boolean): Promise<void>;
  /** Whether the storage is away: nobody waits for it then. */
  readonly isAway: boolean;
  /** To be called when a call has failed or takes very long (`true`), or has worked (`false`). */
  noteAway(isAway: boolean): void;
  /** To be called when nothing will be stored any more: nobody waits from then on. */
  end(): void;
  /** Wakes the callers who need not wait any more. */
  wake(): void;
}

interface Waiter {
  /** Whether what the caller waits for has come. */
  readonly isDue: () => boolean;
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
  const waiters = new Set<Waiter>();

  const hasWork = () => isSettling() || pending.length() > 0;

  const until = (isReached: () => boolean): Promise<void> => {
    const isDue = () => hasEnded || isAway || isReached();
    if (isDue()) return Promise.resolve();
    return new Promise((resolve) => waiters.add({ isDue, resolve }));
  };

  const wake = () => {
    for (const waiter of waiters) {
      if (!waiter.isDue()) continue;
      waiters.delete(waiter);
      waiter.resolve();
    }
  };

  return {
    hasWork,
    until,
    get isAway() {
      return isAway;
    },
    get isBehind() {
      return !isAway && pending.length() > maxUnflushedBytes / 2;
    },
    caughtUp: () => until(() => pending.length() <= maxUnflushedBytes / 4),
    flushed() {
      const count = isSettling() ? Number.POSITIVE_INFINITY : pending.count();
      return until(() => !hasWork() || pending.storedCount() >= count);
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
