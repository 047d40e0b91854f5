import type { TaskLog } from '../server/index';
import { createLostTask } from '../server/log/lost-frames';
import { createStopReason, lostError } from '../server/log/stop-reason';
import { createDeferred } from '../server/time/deferred';
import { later } from '../server/time/later';
import type { FaultPlan } from './fault-plan';

/** The producer of a task, with the faults of a schedule. */
export interface FaultyProducer {
  readonly token: string;
  readonly log: TaskLog;
  readonly isGone: boolean;
  /** From now on the producer is gone; after the lease its task is closed as lost. */
  kill(): void;
  /** Brings a killed producer back, unless its task was closed as lost meanwhile. */
  revive(): void;
}

/** What is known of a task that has a producer. */
export interface ProducedTask {
  readonly taskId: string;
  readonly token: string;
  readonly leaseMs: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly name: string | undefined;
  /** What the task was opened with as `continued`. */
  readonly continued: string | undefined;
  /** The frames of the log until now. */
  readonly frames: readonly string[];
}

export function createFaultyProducer({
  task: { taskId, token, leaseMs, createdAt, name, continued, frames: firstFrames },
  log: inner,
  plan,
}: {
  task: ProducedTask;
  log: TaskLog;
  plan: FaultPlan;
}): FaultyProducer {
  const lost = createLostTask({
    taskId,
    createdAt,
    name,
    ...(continued !== undefined && { continued: JSON.parse(continued) }),
    cancel: undefined,
  });
  for (const frame of firstFrames) lost.track(frame);
  const controller = new AbortController();
  const follow = () => controller.abort(inner.signal.reason);
  if (inner.signal.aborted) follow();
  else inner.signal.addEventListener('abort', follow, { once: true });

  // Set while the producer is gone.
  let leaseTimer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;
  const closed = createDeferred();

  /** Lets the task wait for its next attempt, or closes it if there is none. */
  const lose = async () => {
    const answer = await inner.handOver?.();
    if (answer !== 'waiting' && answer !== 'closed') await closeAsLost();
    controller.abort(createStopReason(lostError()));
    closed.resolve();
  };

  const closeAsLost = async () => {
    const { outcome, frames } = lost.close(Date.now() - createdAt);
    await inner.settle(frames, outcome, { evenIfCancelled: true });
    await inner.release({ isSaved: false });
  };

  const kill = () => {
    if (isGone) return;
    isGone = true;
    leaseTimer = later(() => void lose(), leaseMs);
  };

  const { checkpoint, handOver, withdraw } = inner;
  const log: TaskLog = {
    ...(inner.attempt !== undefined && { attempt: inner.attempt }),
    ...(checkpoint && {
      async checkpoint(data, start) {
        if (!isGone && plan.killsAtNext()) kill();
        if (isGone) return false;
        lost.track(data);
        return plan.call('checkpoint', () => checkpoint(data, start)).catch(() => false);
      },
    }),
    ...(handOver && {
      async handOver(how) {
        if (!isGone) return plan.call('handOver', () => handOver(how)).catch(() => 'refused');
        await closed.promise;
        return 'closed';
      },
    }),
    // A producer that is gone has nothing more to take back.
    ...(withdraw && { withdraw: async () => !isGone && withdraw() }),
    signal: controller.signal,
    append(data) {
      if (!isGone && plan.killsAtNext()) kill();
      if (isGone) return;
      lost.track(data);
      inner.append(data);
    },
    async settle(frames, status, settling) {
      if (!isGone) return plan.call('settle', () => inner.settle(frames, status, settling));
      await closed.promise;
      return false;
    },
    async release(how) {
      if (!isGone) await plan.call('release', () => inner.release(how));
    },
    predecessorsSaved: async () => inner.predecessorsSaved?.(),
    ...(inner.predecessors && { predecessors: inner.predecessors }),
    get isStored() {
      return inner.isStored;
    },
    get isBehind() {
      return inner.isBehind;
    },
    caughtUp: () => inner.caughtUp(),
    flushed: () => plan.call('flushed', () => inner.flushed()),
    get maxFrameBytes() {
      return inner.maxFrameBytes;
    },
  };

  return {
    token,
    log,
    get isGone() {
      return isGone;
    },
    kill,
    revive() {
      if (controller.signal.aborted) return;
      clearTimeout(leaseTimer);
      isGone = false;
    },
  };
}
