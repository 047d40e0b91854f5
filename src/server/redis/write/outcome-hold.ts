import { later } from '../../time/later';
import type { OutcomeHolder, StoredOutcome } from '../scripts/stored-outcome';

/** The time in which one process tells the host an outcome, and then the storage that it did. */
export interface OutcomeHold {
  /** To be called when the outcome is stored, or never will be because others have closed the log. */
  begin(how: 'settled' | 'fenced'): void;
  /** Resolves with whether this process still has the right, as far as the storage can tell. */
  keep(): Promise<boolean>;
  /**
   * To be called when the host was told, or could not be. Resolves once the storage knows, or cannot
   * be reached; then it is tried again later. To be called again if the host was told after all.
   */
  release(options?: { isSaved?: boolean }): Promise<void>;
  /** Ends all attempts, whether or not they have worked. */
  stop(): void;
}

/** The first and the longest pause between attempts to tell a storage that is away, in milliseconds. */
const firstRetryMs = 250;
const maxRetryMs = 5_000;

/**
 * Keeps the right to tell the host an outcome, by a lease that is renewed every half of its time. If
 * this process is killed meanwhile, its lease lapses, and another process tells the host instead.
 */
export function createOutcomeHold({
  stored,
  holder,
  leaseMs,
  retentionMs,
  savesOutcome,
  leaveChat,
  leaveIndex,
  busy,
}: {
  stored: StoredOutcome;
  holder: OutcomeHolder;
  leaseMs: number;
  /** How long a storage that is away is tried, in milliseconds: after that the record is gone. */
  retentionMs: number;
  /** Whether the host has to be told at all. */
  savesOutcome: boolean;
  /** Ends the task's time in its chat, if it is in one. */
  leaveChat: (() => Promise<void>) | undefined;
  /** Takes the task out of the index of open tasks, if it is in there. */
  leaveIndex: (() => Promise<void>) | undefined;
  /** The holds that still have something to do, which are stopped when the context is closed. */
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

  /** What the storage has to be told; `undefined` when that is nothing, or not known yet. */
  const dueRelease = (): { isSaved: boolean } | undefined => {
    if (!ended || !released) return undefined;
    if (savesOutcome) return released.isSaved || ended === 'settled' ? released : undefined;
    // A task that was closed as lost stays in its chat until somebody has told the host the outcome.
    return ended === 'settled' && (leaveChat || leaveIndex) ? { isSaved: true } : undefined;
  };

  const tellStorage = async (isSaved: boolean): Promise<boolean> => {
    try {
      const isHeld = savesOutcome || leaveChat !== undefined;
      const isSameLog = !isHeld || (await stored.release(holder, isSaved));
      // A task whose outcome the host does not have stays in its chat, where a page finds it again.
      if (isSaved && isSameLog) await leaveChat?.();
      if (isSaved) await leaveIndex?.();
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

    // A storage that is away, which the link has reported, keeps nobody from being told.
    keep: () => stored.hold(holder, leaseMs).catch(() => true),

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
