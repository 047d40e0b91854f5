import { later } from '../../time/later';
import type { OutcomeHolder, StoredOutcome } from '../scripts/stored-outcome';

/** The end of a tenure: one process tells the host of an outcome, and the storage that it did. */
export interface OutcomeHold {
  /** The outcome is stored, or it never will be because the log is not the holder's any more. */
  begin(how: 'settled' | 'fenced'): void;
  /**
   * The host was told, or could not be. Resolves once the storage knows, or could not be reached
   * for now: then that is tried again. A telling that came after all ends the hold once more.
   */
  release(options?: { isSaved?: boolean }): Promise<void>;
  /** Ends what is tried, whether or not it has worked. */
  stop(): void;
}

/** Between two attempts to tell a storage that is away, in milliseconds: the first, and the longest. */
const firstRetryMs = 250;
const maxRetryMs = 5_000;

/**
 * Keeps the right to tell the host of an outcome, by a lease that is renewed every half of it: a
 * process that is killed meanwhile is known by its lapsed lease, and another one tells instead.
 */
export function createOutcomeHold({
  stored,
  holder,
  leaseMs,
  retentionMs,
  savesOutcome,
  leaveChat,
  busy,
}: {
  stored: StoredOutcome;
  holder: OutcomeHolder;
  leaseMs: number;
  /** How long a storage that is away is tried, in milliseconds: its record is gone then. */
  retentionMs: number;
  /** Whether the host has to be told at all. */
  savesOutcome: boolean;
  /** Ends the task's time in its chat, if it is in one. */
  leaveChat: (() => Promise<void>) | undefined;
  /** The holds that have something to do later, to be stopped with their context. */
  busy: Set<OutcomeHold>;
}): OutcomeHold {
  let ended: 'settled' | 'fenced' | undefined;
  let released: { readonly isSaved: boolean } | undefined;
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const rest = () => {
    clearTimeout(timer);
    busy.delete(hold);
  };

  const schedule = (callback: () => void, ms: number) => {
    rest();
    if (isStopped) return;
    busy.add(hold);
    timer = later(callback, ms);
  };

  const renew = async () => {
    let isRenewed = true;
    try {
      await stored.hold(holder, leaseMs);
    } catch {
      // The storage is away, which the link has reported.
      isRenewed = false;
    }
    if (!released) schedule(renew, isRenewed ? leaseMs / 2 : leaseMs / 8);
  };

  /** What the storage has to be told; `undefined`: nothing, or not yet. */
  const dueRelease = (): { isSaved: boolean } | undefined => {
    if (!ended || !released) return undefined;
    if (savesOutcome) return released.isSaved || ended === 'settled' ? released : undefined;
    // One that was closed as lost is its chat's until somebody has told of it.
    return ended === 'settled' && leaveChat ? { isSaved: true } : undefined;
  };

  const tellStorage = async (isSaved: boolean): Promise<boolean> => {
    try {
      const isSameLog = await stored.release(holder, isSaved);
      // An outcome that the host does not have stays where a page that comes back finds it.
      if (isSaved && isSameLog) await leaveChat?.();
      return true;
    } catch {
      // The storage is away, which the link has reported.
      return false;
    }
  };

  const finish = async (
    giveUpAt = performance.now() + retentionMs,
    delayMs = firstRetryMs,
  ): Promise<void> => {
    rest();
    const release = dueRelease();
    if (!release || isStopped || (await tellStorage(release.isSaved))) return;
    if (performance.now() > giveUpAt) return;
    schedule(() => finish(giveUpAt, Math.min(2 * delayMs, maxRetryMs)), delayMs);
  };

  const hold: OutcomeHold = {
    begin(how) {
      if (ended || isStopped) return;
      ended = how;
      if (released) void finish();
      else if (how === 'settled' && savesOutcome) schedule(renew, leaseMs / 2);
    },

    async release({ isSaved = false } = {}) {
      if (released && (released.isSaved || !isSaved)) return;
      released = { isSaved };
      await finish();
    },

    stop() {
      isStopped = true;
      rest();
    },
  };
  return hold;
}
