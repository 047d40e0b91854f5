import { taskPartTest } from '../../log/task-part-test';
import { createWindowCare } from '../../log/window-care';
import { runningTtlMs } from '../scripts/stored-task';
import { createCommitPace } from './commit-pace';
import { createCommitWaiters } from './commit-waiters';
import { createPendingFrames } from './create-pending-frames';
import { createLogCommits } from './log-commits';
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
  cancel,
  tenure,
  onEnd,
}: RedisProducerOptions): RedisProducer {
  const { window, token, details } = storage;
  const { taskId } = window;
  const isSnapshot = taskPartTest('data-task', taskId);
  const stop = createStopSignal();
  const settling = createSettling(window, graceMs);
  const pending = createPendingFrames({ frames: firstFrames, next: window.next });
  const isSettling = () => settling.ending !== undefined;
  const waiters = createCommitWaiters(pending, maxUnflushedBytes, isSettling);
  const limits = createLogLimits({ taskId, pending, firstFrames, ...maxima });
  const care = createWindowCare({
    window,
    storedTo: pending.first,
    // While the storage is away, readers here may lag behind further than frames are kept for it.
    maxUnstoredLength: 2 * maxUnflushedBytes,
  });
  let newestSnapshot = firstFrames.find(isSnapshot);
  let hasEnded = false;
  let isStored = false;

  const end = (how: 'settled' | 'fenced') => {
    if (hasEnded) return;
    hasEnded = true;
    isStored = how === 'settled';
    pace.end();
    if (isStored) settling.settleHere();
    else stop.lose();
    onEnd(how);
    waiters.end();
    settling.answer(isStored);
  };

  const put = (frame: string) => {
    pending.push(frame, waiters.isAway ? maxUnflushedBytes : Number.POSITIVE_INFINITY);
    window.push(frame);
  };

  const commits = createLogCommits({
    ...{ storage, pending, settling, stop },
    startFrames: firstFrames.filter((frame) => !isSnapshot(frame)),
    newestSnapshot: () => newestSnapshot,
    hasEnded: () => hasEnded,
    onEnd: end,
    onBegun: () => pace.look(),
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

  return {
    token,
    signal: stop.signal,
    append(frame) {
      if (hasEnded || isSettling()) return;
      care.beforePush();
      if (isSnapshot(frame)) newestSnapshot = frame;
      const others = limits.inPlaceOf(frame);
      if (others) for (const other of others) put(other);
      else put(frame);
      window.wake();
      pace.add();
      care.trimSoon();
    },
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
