import { beginsWith } from '../../../protocol/begins-with';
import { TaskError } from '../../../protocol/task-error';
import type { TaskOutcome } from '../../../protocol/task-parts';
import { gapFrame } from '../../log/frame-gap';
import { cancelledError, createStopReason } from '../../log/stop-reason';
import { startPatientTimer } from '../../time/patient-timer';
import { decodeReason } from '../scripts/redis-keys';
import { createCommitPace } from './commit-pace';
import { createCommitWaiters } from './commit-waiters';
import { createPendingFrames } from './create-pending-frames';
import { createLogLimits } from './log-limits';
import type { RedisProducer, RedisProducerOptions } from './redis-producer';
import { createWindowCare } from './window-care';

interface Closing {
  readonly frames: readonly string[];
  readonly outcome: TaskOutcome;
  /** By `performance.now()`. */
  readonly since: number;
  /** Whether a cancel that was accepted before keeps it from being stored. */
  yieldsToCancel: boolean;
}

/** The first words of a root task's snapshot; our own chunks begin with type and id. */
function snapshotPrefix(taskId: string): string {
  return `{"type":"data-task","id":${JSON.stringify(taskId)}`;
}

/**
 * The producer's end of a log in Redis. What is appended is in the process' window at once and is
 * committed in groups, one call at a time: what comes while one is under way goes together in
 * the next, and only the end of all does not wait for the answer to the one before it. A call whose
 * answer was lost is made again; each entry names its frames, so nothing is stored twice.
 */
export function createRedisProducer({
  stored,
  scheduler,
  window,
  token,
  details,
  graceMs,
  retentionMs,
  runningTtlMs,
  firstFrames,
  cancel,
  reenter,
  release,
  predecessorsSaved,
  onEnd,
  ...logLimits
}: RedisProducerOptions): RedisProducer {
  const { taskId } = window;
  const { leaseMs } = details;
  const { maxFrameBytes, maxUnflushedBytes } = logLimits;
  const prefix = snapshotPrefix(taskId);
  const isSnapshot = (frame: string) => beginsWith(frame, prefix);
  const controller = new AbortController();
  const pending = createPendingFrames({ taskId, frames: firstFrames, next: window.next });
  const startFrames = firstFrames.filter((frame) => !isSnapshot(frame));
  let newestSnapshot = firstFrames.find(isSnapshot);
  let epoch = window.epoch;
  // Set while a log that was lost is begun anew: the frames it begins with.
  let preface: string[] | undefined;
  let closing: Closing | undefined;
  let resolveSettled: (answer: boolean | 'cancelled') => void = () => {};
  // Whether the log has this producer's outcome.
  let isOutcomeStored = false;
  let hasEnded = false;
  // The frame after those of the newest commit, and whether the one behind another has worked.
  let sentNext = 0;
  let behind: Promise<boolean> | undefined;
  // Whether the storage is away: a call failed, or takes very long.
  let isAway = false;
  const limits = createLogLimits({ pending, firstFrames, ...logLimits });
  const waiters = createCommitWaiters();
  const care = createWindowCare({
    window,
    // What is dropped while the storage is there will not be stored any more.
    storedTo: () => (pending.dropping && !isAway ? window.next : pending.first),
    // Readers here may lag behind a storage that is away as far as frames are kept for it, and more.
    maxUnstoredLength: 2 * maxUnflushedBytes,
  });

  const hasWork = () => preface !== undefined || pending.hasWork(isAway);

  /** Whether so little waits that whoever paused may go on. */
  const hasCaughtUp = () => hasEnded || isAway || pending.length <= maxUnflushedBytes / 4;

  /** Wakes what waits for frames that are stored now, or that it is no use to wait for. */
  const wakeWaiters = () => {
    const isIdle = hasEnded || isAway || !hasWork();
    waiters.wake({ first: pending.first, isIdle, hasCaughtUp: hasCaughtUp() });
  };

  const takeCancel = (reason: string | undefined) => {
    if (reason === undefined || controller.signal.aborted) return;
    controller.abort(createStopReason(cancelledError(decodeReason(reason))));
  };

  const end = (how: 'settled' | 'fenced') => {
    if (hasEnded) return;
    hasEnded = true;
    pace.end();
    if (how === 'fenced') {
      controller.abort(
        createStopReason(
          new TaskError({
            code: 'lost',
            message: 'The task was closed, because its process gave no sign for too long.',
            retryable: true,
          }),
        ),
      );
    }
    onEnd(how);
    wakeWaiters();
    resolveSettled(how === 'settled');
  };

  const append = (frame: string) => {
    if (hasEnded || closing) return;
    care.beforePush();
    if (isSnapshot(frame)) newestSnapshot = frame;
    const refusal = limits.refuse(frame, isAway);
    if (refusal) pending.drop(frame, refusal);
    else pending.push(frame);
    window.push(frame);
    window.wake();
    pace.add();
    care.trimSoon();
  };

  /**
   * The storage has lost the log: it is begun anew in the next epoch, which goes on with what
   * waits. Readers here have that already, and go on behind it.
   */
  const beginAnew = () => {
    preface = [
      ...startFrames,
      ...(newestSnapshot === undefined ? [] : [newestSnapshot]),
      gapFrame(taskId, 'storage-lost'),
      ...pending.openStarts(),
    ];
    const shift = preface.length - pending.first;
    epoch++;
    window.openEpoch({ end: window.next, next: window.next + shift });
    pending.restart(preface.length);
    waiters.shift(shift);
    limits.restart(preface);
    window.wake();
  };

  const runCommit = async (first?: number) => {
    const { entries, isLast } = pending.batch(isAway, first);
    const outcome = isLast ? closing?.outcome : undefined;
    const epochThen = epoch;
    const ttlMs = outcome ? retentionMs : runningTtlMs;
    sentNext = (entries.at(-1)?.last ?? pending.first - 1) + 1;
    const yieldsToCancel = outcome !== undefined && closing?.yieldsToCancel === true;
    const commit = { token, epoch, leaseMs, ttlMs, entries, outcome, yieldsToCancel };
    const { answer, last, ...reply } = await stored.commit(commit);
    takeCancel(reply.cancel);
    // The one before it may have found that the log is gone.
    if (hasEnded || epoch !== epochThen) return;
    switch (answer) {
      case 'stored':
        pending.shift(last);
        if (outcome === undefined) return;
        isOutcomeStored = true;
        settleHere();
        return end('settled');
      case 'behind':
        // It has more than was known, or less: then what is missing is a gap.
        pending.shift(last);
        return pending.lose(last);
      case 'refused':
        pending.shift(last);
        throw reply.problem;
      case 'gone':
        return beginAnew();
      case 'fenced':
        return end('fenced');
      case 'cancelled':
        pending.shift(last);
        return yieldToCancel();
    }
  };

  /** The end that was to be stored is not the end: the task has to be settled as cancelled. */
  const yieldToCancel = () => {
    // Whoever was told of it while the storage was away must not hear of another.
    if (!closing?.yieldsToCancel) return;
    closing = undefined;
    pending.unsettle();
    resolveSettled('cancelled');
  };

  const runOpen = async (frames: readonly string[]) => {
    const epochs = { first: window.firstEpoch, next: epoch };
    const opening = { token, epochs, details, ttlMs: runningTtlMs, frames };
    const { isOpen, cancel: asked } = await stored.open(opening);
    takeCancel(asked);
    if (hasEnded) return;
    if (!isOpen) return end('fenced');
    await reenter();
    if (hasEnded) return;
    preface = undefined;
    // Tells readers elsewhere.
    pace.look();
  };

  /** Gives readers here the outcome. */
  const settleHere = () => {
    if (!closing || window.isEnded) return;
    for (const frame of closing.frames) window.push(frame);
    window.end();
    window.wake();
  };

  /** The link has reported what did not work; the same is tried again until it does. */
  const hasWorked = (call: Promise<void>): Promise<boolean> =>
    call.then(
      () => true,
      () => false,
    );

  /** Makes one commit, and tells whether that worked. */
  const commit = async (): Promise<boolean> => {
    let isStored = await hasWorked(preface ? runOpen(preface) : runCommit());
    if (behind) isStored = (await behind) && isStored;
    behind = undefined;
    if (hasEnded) return true;
    if (isStored) isAway = false;
    else {
      becomeAway();
      pending.shed(maxUnflushedBytes);
      // Redis would have forgotten the task by now.
      if (closing && performance.now() - closing.since > runningTtlMs) end('fenced');
    }
    care.trimSoon();
    wakeWaiters();
    return isStored;
  };

  /**
   * Redis takes them in order, and refuses what does not join: so it has to have frames, or it
   * could settle a log that lacks those of the one before it.
   */
  const commitBehind = async () => {
    if (preface || isAway || behind || sentNext >= pending.next) return;
    behind = hasWorked(runCommit(sentNext));
    await behind;
  };

  const becomeAway = () => {
    isAway = true;
    wakeWaiters();
  };

  const pace = createCommitPace({
    scheduler,
    heartbeatMs: leaseMs / 2,
    commit,
    commitBehind,
    onStall: becomeAway,
    hasWork,
    waitingLength: () => pending.length,
  });
  takeCancel(cancel);

  return {
    token,
    details,
    signal: controller.signal,
    append,
    maxFrameBytes,
    settle(frames, outcome, { evenIfCancelled = false } = {}) {
      if (closing || hasEnded) return Promise.resolve(false);
      const yieldsToCancel = outcome !== 'cancelled' && !evenIfCancelled;
      closing = { frames, outcome, since: performance.now(), yieldsToCancel };
      pending.settle(frames);
      return new Promise((resolve) => {
        // The one exception to agreement: readers here need not wait for a storage that is away.
        const giveUp = () => {
          if (closing) closing.yieldsToCancel = false;
          settleHere();
          resolve(true);
        };
        const stopGrace = startPatientTimer(giveUp, graceMs);
        resolveSettled = (answer) => {
          stopGrace();
          resolve(answer);
        };
        pace.addLast();
      });
    },
    get outcome() {
      return window.isEnded ? closing?.outcome : undefined;
    },
    get isStored() {
      return isOutcomeStored;
    },
    release,
    predecessorsSaved,
    get isBehind() {
      return !isAway && pending.length > maxUnflushedBytes / 2;
    },
    caughtUp() {
      return hasCaughtUp() ? Promise.resolve() : waiters.caughtUp();
    },
    flushed() {
      if (hasEnded || isAway || !hasWork()) return Promise.resolve();
      return waiters.flushed(pending.next - 1);
    },
    look() {
      if (!hasEnded) pace.look();
    },
    abandon() {
      if (!hasEnded) end('fenced');
    },
  };
}
