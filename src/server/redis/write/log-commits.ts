import { type GapCause, gapFrame, gapMessage } from '../../log/frame-gap';
import type { LogWindow } from '../../log/log-window';
import type { StoredTask, TaskDetails } from '../scripts/stored-task';
import { entryOf } from './frame-runs';
import type { Batch, PendingFrames } from './pending-frames';
import type { Settling } from './settling';
import type { StopSignal } from './stop-signal';

/** What a log is stored with. */
export interface LogStorage {
  readonly stored: StoredTask;
  readonly window: LogWindow;
  readonly token: string;
  /** What the record says, also of a log that has to begin anew. */
  readonly details: TaskDetails;
  /** Called when a log that was lost has been begun anew; again if that fails. */
  readonly reenter: () => Promise<void>;
}

export interface LogCommitsOptions {
  storage: LogStorage;
  pending: PendingFrames;
  settling: Settling;
  stop: StopSignal;
  /** What the log began with, but for snapshots. */
  startFrames: readonly string[];
  newestSnapshot: () => string | undefined;
  hasEnded: () => boolean;
  /** Nothing is stored any more: all of it is, or the log is somebody else's. */
  onEnd: (how: 'settled' | 'fenced') => void;
  /** A log was begun anew, of which readers elsewhere know nothing yet. */
  onBegun: () => void;
}

/** Makes the calls that store a log, epoch after epoch. */
export interface LogCommits {
  /** Stores the next of what waits, and tells whether that has worked. Never rejects. */
  store(): Promise<boolean>;
  /** Stores what follows the call under way, whose end then waits for it. Never rejects. */
  storeBehind(): Promise<void>;
}

/** The link has reported what did not work; the same is tried again until it does. */
function hasWorked(call: Promise<void>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}

/**
 * Each entry names its frames, so that a call whose answer got lost is made again without storing
 * anything twice. Where the log lacks frames that this producer has no more, it goes on in the next
 * epoch, which tells of that; readers here lack nothing, and go on behind what it begins with.
 */
export function createLogCommits({
  storage: { stored, window, token, details, reenter },
  pending,
  settling,
  stop,
  startFrames,
  newestSnapshot,
  hasEnded,
  onEnd,
  onBegun,
}: LogCommitsOptions): LogCommits {
  let { epoch } = window;
  // Set while the storage has no log: what it is begun anew with.
  let preface: readonly string[] | undefined;
  // The frame after those of the newest call.
  let sentNext = 0;
  // Whether the call behind the one under way has worked.
  let behind: Promise<boolean> | undefined;

  /** Begins the next epoch, whose readers have the one before up to frame `last`. */
  const beginEpoch = (cause: GapCause, last: number, firstFrames: readonly string[] = []) => {
    const { taskId, next } = window;
    const snapshot = newestSnapshot();
    const told = snapshot === undefined ? [] : [snapshot];
    const head = [...firstFrames, ...told, gapFrame(taskId, cause)];
    const before = pending.next();
    const begun = pending.beginEpoch({ head, errorText: gapMessage(cause), last });
    epoch++;
    window.openEpoch({ end: next, next: next + pending.next() - before });
    window.wake();
    return begun;
  };

  const send = async ({ entries, isAll }: Batch) => {
    const epochThen = epoch;
    const ending = isAll ? settling.ending : undefined;
    const closing = ending?.frames ?? [];
    const all = closing.length > 0 ? [...entries, entryOf(pending.next(), closing)] : entries;
    sentNext = (all.at(-1)?.last ?? pending.first() - 1) + 1;
    const { answer, last, cancel, problem } = await stored.commit({
      token,
      epoch,
      leaseMs: details.leaseMs,
      entries: all,
      outcome: ending?.outcome,
      yieldsToCancel: ending?.yieldsToCancel === true,
    });
    stop.cancel(cancel);
    // The call before it may have found that the log is gone.
    if (hasEnded() || epoch !== epochThen) return;
    pending.shift(last);
    // It has answered: so it is there.
    pending.resume();
    switch (answer) {
      case 'stored':
        if (ending) return onEnd('settled');
        if (pending.isEpochDue()) beginEpoch('storage-away', Number.POSITIVE_INFINITY);
        return;
      case 'behind':
        // It may only lack what another call has failed to store.
        if (last + 1 < pending.first()) {
          beginEpoch('storage-lost', last < 0 ? Number.NEGATIVE_INFINITY : last);
        }
        return;
      case 'refused':
        throw problem;
      case 'gone':
        preface = beginEpoch('storage-lost', Number.NEGATIVE_INFINITY, startFrames);
        return;
      case 'fenced':
        return onEnd('fenced');
      case 'cancelled':
        return settling.yield();
    }
  };

  const open = async (frames: readonly string[]) => {
    const epochs = { first: window.firstEpoch, next: epoch };
    const { isOpen, cancel } = await stored.open({ token, epochs, details, frames });
    stop.cancel(cancel);
    if (hasEnded()) return;
    if (!isOpen) return onEnd('fenced');
    await reenter();
    if (hasEnded()) return;
    preface = undefined;
    pending.shift(frames.length - 1);
    onBegun();
  };

  return {
    async store() {
      const isStored = await hasWorked(preface ? open(preface) : send(pending.batch()));
      const isAll = behind ? await behind : true;
      behind = undefined;
      return isStored && isAll;
    },
    async storeBehind() {
      if (preface || behind) return;
      const batch = pending.batch(sentNext);
      // Redis takes calls in order, and refuses what does not join: so there has to be something, or
      // it could settle a log that lacks the frames of the call before.
      const isJoined = batch.entries.length > 0 || (batch.isAll && settling.ending?.frames.length);
      if (!isJoined) return;
      behind = hasWorked(send(batch));
      await behind;
    },
  };
}
