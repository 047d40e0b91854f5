import { createWindowCare } from '../../log/window-care';
import { runningTtlMs } from '../scripts/stored-task';
import { createAttemptVerbs } from './attempt-verbs';
import { createCheckpoints } from './checkpoints';
import { createCommitPace } from './commit-pace';
import { createCommitWaiters } from './commit-waiters';
import { createPendingFrames } from './create-pending-frames';
import { createFrameIntake } from './frame-intake';
import { createHandingOver } from './handing-over';
import { createLogCommits, type EndOfProducing } from './log-commits';
import { createLogLimits } from './log-limits';
import type { RedisProducer, RedisProducerOptions } from './redis-producer';
import { createSettling } from './settling';
import { createStopSignal } from './stop-signal';

/**
 * Creates the log in Redis as its producer gets it. Appended frames are in the process' window at
 * once, and are committed in groups, one call at a time: frames that come while a call is under way go
 * together in the next one. Only the last call does not wait for the answer to the one before it.
 */
export function createRedisProducer({
  storage,
  limits: { maxUnflushedBytes, ...maxima },
  scheduler,
  graceMs,
  firstFrames,
  startFrames,
  attempts,
  cancel,
  tenure,
  onEnd,
}: RedisProducerOptions): RedisProducer {
  const { window, token, details } = storage;
  const { taskId } = window;
  const stop = createStopSignal();
  const settling = createSettling(window, graceMs);
  const pending = createPendingFrames({ frames: firstFrames, next: window.next });
  const handingOver = createHandingOver(graceMs);
  const checkpoints = attempts && createCheckpoints(attempts.kept, attempts.startN);
  /** Whether the last frame of this attempt was added. */
  const isSettling = () => settling.ending !== undefined || handingOver.handOver !== undefined;
  const waiters = createCommitWaiters(pending, maxUnflushedBytes, isSettling);
  const limits = createLogLimits({
    ...{ taskId, pending, firstFrames, ...maxima },
    bytesBefore: checkpoints?.kept.bytes,
  });
  const care = createWindowCare({
    window,
    storedTo: pending.first,
    // While the storage is away, readers here may lag behind further than frames are kept for it.
    maxUnstoredLength: 2 * maxUnflushedBytes,
  });
  const frames = { window, pending, limits, care, waiters, firstFrames, maxUnflushedBytes };
  const intake = createFrameIntake(frames);
  let hasEnded = false;
  let isStored = false;

  const end = (how: EndOfProducing) => {
    if (hasEnded) return;
    hasEnded = true;
    isStored = how === 'settled';
    pace.end();
    if (isStored) settling.settleHere();
    else if (how === 'fenced') stop.lose();
    onEnd(how, handingOver.handOver?.delayMs);
    waiters.end();
    settling.answer(isStored);
    handingOver.answer(how === 'handed-over' ? 'waiting' : 'closed');
  };

  const commits = createLogCommits({
    ...{ storage, pending, settling, handingOver, checkpoints, stop, startFrames },
    newestSnapshot: intake.newestSnapshot,
    hasEnded: () => hasEnded,
    onEnd: end,
    lookAgain: () => pace.look(),
  });

  const commit = async (): Promise<boolean> => {
    const hasWorked = await commits.store();
    if (hasEnded) return true;
    waiters.noteAway(!hasWorked);
    if (!hasWorked) {
      pending.shed(maxUnflushedBytes);
      // After this time Redis has forgotten the task, so settling it is given up.
      if (settling.waitedMs() > runningTtlMs) end('fenced');
    }
    care.trimSoon();
    waiters.wake();
    return hasWorked;
  };

  const pace = createCommitPace({
    scheduler,
    heartbeatMs: details.leaseMs / 2,
    commit,
    async commitBehind() {
      if (!waiters.isAway) await commits.storeBehind();
    },
    onStall: () => waiters.noteAway(true),
    hasWork: waiters.hasWork,
    waitingLength: pending.length,
  });
  stop.cancel(cancel);

  const append = (frame: string) => {
    if (hasEnded || isSettling()) return;
    intake.add(frame);
    pace.add();
    care.trimSoon();
  };

  return {
    token,
    attempt: attempts?.kept.attempt ?? 1,
    signal: stop.signal,
    append,
    ...createAttemptVerbs({
      ...{ checkpoints, handingOver, intake, limits, pending, waiters, append },
      isOpen: () => !hasEnded && !isSettling(),
      hurry: pace.addLast,
    }),
    maxFrameBytes: maxima.maxFrameBytes,
    settle(frames, outcome, options) {
      if (hasEnded || isSettling()) return Promise.resolve(false);
      const answer = settling.begin(limits.closing(frames), outcome, options);
      pace.addLast();
      return answer;
    },
    get outcome() {
      return window.isEnded ? settling.ending?.outcome : undefined;
    },
    get isStored() {
      return isStored;
    },
    ...tenure,
    get isBehind() {
      return waiters.isBehind;
    },
    caughtUp: waiters.caughtUp,
    flushed: waiters.flushed,
    look: pace.look,
    abandon: () => end('fenced'),
  };
}
