import { type GapCause, gapFrame, gapMessage } from '../../log/frame-gap';
import type { LogWindow } from '../../log/log-window';
import type { StoredTask, TaskDetails } from '../scripts/stored-task';
import type { Checkpoints } from './checkpoints';
import { entryOf } from './frame-runs';
import type { HandingOver } from './handing-over';
import type { Batch, PendingFrames } from './pending-frames';
import type { Settling } from './settling';
import type { StopSignal } from './stop-signal';

/**
 * How a producer has ended: all is stored (`settled`), or all of this attempt is (`handed-over`), or
 * the log belongs to somebody else now (`fenced`).
 */
export type EndOfProducing = 'settled' | 'handed-over' | 'fenced';

/** What is needed to store a log. */
export interface LogStorage {
  readonly stored: StoredTask;
  readonly window: LogWindow;
  readonly token: string;
  /** The token with which the log was opened. */
  readonly log: string;
  /** What the record says of the task, also when the log has to begin anew. */
  readonly details: TaskDetails;
  /** Called when a log that was lost has been begun anew; again if that fails. */
  readonly reenter: () => Promise<void>;
}

export interface LogCommitsOptions {
  storage: LogStorage;
  pending: PendingFrames;
  settling: Settling;
  handingOver: HandingOver;
  /** Set for a task that may be attempted again. */
  checkpoints: Checkpoints | undefined;
  stop: StopSignal;
  /** The first frames of the log, without snapshots. */
  startFrames: readonly string[];
  newestSnapshot: () => string | undefined;
  hasEnded: () => boolean;
  /** Called when nothing more will be stored. */
  onEnd: (how: EndOfProducing) => void;
  /** Called when another call is due, even if nothing waits to be stored. */
  lookAgain: () => void;
}

/** Makes the calls that store a log, epoch after epoch. */
export interface LogCommits {
  /** Stores the next batch of what waits, and resolves with whether this worked. Never rejects. */
  store(): Promise<boolean>;
  /** Stores what follows the call under way. That `store` then waits for this one. Never rejects. */
  storeBehind(): Promise<void>;
}

/** What goes in one call with a batch, and the number of the frame after it. */
function contentsOf(
  { entries, isAll }: Batch,
  {
    pending,
    settling,
    handingOver,
    checkpoints,
  }: Pick<LogCommitsOptions, 'pending' | 'settling' | 'handingOver' | 'checkpoints'>,
) {
  const ending = isAll ? settling.ending : undefined;
  const handOver = isAll ? handingOver.handOver : undefined;
  const closing = ending?.frames ?? [];
  const all = closing.length > 0 ? [...entries, entryOf(pending.next(), closing)] : entries;
  const next = (all.at(-1)?.last ?? pending.first() - 1) + 1;
  return {
    ...{ next, handOver, entries: all, outcome: ending?.outcome },
    yieldsToCancel: handOver !== undefined || ending?.yieldsToCancel === true,
    checkpoint: checkpoints?.upTo(next - 1),
    isKept: checkpoints !== undefined,
  };
}

/** Whether a call worked. An error was reported by the link, and the call is made again later. */
function hasWorked(call: Promise<void>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}

/**
 * Creates the calls. Each entry names its frames, so that a call whose answer got lost is made again
 * without storing anything twice. If the log lacks frames that this producer does not have any more,
 * it goes on in the next epoch, which begins by telling so. Readers in this process lack nothing, and
 * skip that beginning.
 */
export function createLogCommits({
  storage: { stored, window, token, log, details, reenter },
  pending,
  settling,
  handingOver,
  checkpoints,
  stop,
  startFrames,
  newestSnapshot,
  hasEnded,
  onEnd,
  lookAgain,
}: LogCommitsOptions): LogCommits {
  let { epoch } = window;
  // Set while the storage has no log: the frames with which the log is begun anew.
  let preface: readonly string[] | undefined;
  // The frame after those of the newest call.
  let sentNext = 0;
  // Whether the call behind the one under way has worked.
  let behind: Promise<boolean> | undefined;

  /** Begins the next epoch. Its readers have the present one up to frame `last`. */
  const beginEpoch = (cause: GapCause, last: number, anewWith?: readonly string[]) => {
    const { taskId, next } = window;
    const snapshot = newestSnapshot();
    const told = snapshot === undefined ? [] : [snapshot];
    const head = [...(anewWith ?? []), ...told, gapFrame(taskId, cause)];
    const before = pending.next();
    const begun = pending.beginEpoch({ head, errorText: gapMessage(cause), last });
    if (anewWith) checkpoints?.beginAnew(head.length - 1);
    else checkpoints?.beginEpoch(last, head.length - 1);
    epoch++;
    window.openEpoch({ end: next, next: next + pending.next() - before });
    window.wake();
    return begun;
  };

  const send = async (batch: Batch) => {
    const epochThen = epoch;
    const { next, ...contents } = contentsOf(batch, {
      pending,
      settling,
      handingOver,
      checkpoints,
    });
    sentNext = next;
    const { leaseMs } = details;
    const { answer, last, cancel, problem } = await stored.commit({
      ...{ token, epoch, leaseMs },
      ...contents,
    });
    stop.cancel(cancel);
    // The call before this one may have found that the log is gone.
    if (hasEnded() || epoch !== epochThen) return;
    pending.shift(last);
    if (answer !== 'cancelled') checkpoints?.stored(last);
    // The storage has answered, so it is there, and frames are kept for it again.
    pending.resume();
    switch (answer) {
      case 'stored':
        if (contents.outcome) return onEnd('settled');
        if (pending.isEpochDue()) beginEpoch('storage-away', Number.POSITIVE_INFINITY);
        return;
      case 'behind':
        // If frames that still wait are all that the log lacks, the next call stores them.
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
        settling.yield();
        return handingOver.answer('cancelled');
      case 'waiting':
        // If that was given up before the answer came, the next call goes on with the attempt.
        return handingOver.handOver ? onEnd('handed-over') : lookAgain();
      case 'exhausted':
        return handingOver.answer('refused');
    }
  };

  const open = async (frames: readonly string[]) => {
    const epochs = { first: window.firstEpoch, next: epoch };
    const attempts = checkpoints && { kept: checkpoints.kept, startN: checkpoints.startN };
    const opening = { token, log, epochs, details, frames, ...attempts };
    const { isOpen, cancel } = await stored.open(opening);
    stop.cancel(cancel);
    if (hasEnded()) return;
    if (!isOpen) return onEnd('fenced');
    await reenter();
    if (hasEnded()) return;
    preface = undefined;
    pending.shift(frames.length - 1);
    // Readers elsewhere do not know yet that the log was begun anew.
    lookAgain();
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
      // Redis takes calls in order, and refuses frames that do not join the log. A call without any
      // frames would always join, and could settle a log that lacks the frames of the call before.
      const isJoined = batch.entries.length > 0 || (batch.isAll && settling.ending?.frames.length);
      if (!isJoined) return;
      behind = hasWorked(send(batch));
      await behind;
    },
  };
}
