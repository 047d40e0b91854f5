import type { UIMessage } from 'ai';
import type { OpenTaskOptions, TaskLog } from '../server/index';
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

export function createFaultyProducer({
  taskId,
  options,
  log: inner,
  plan,
}: {
  taskId: string;
  options: OpenTaskOptions;
  log: TaskLog;
  plan: FaultPlan;
}): FaultyProducer {
  const { name, continued, leaseMs, token } = options;
  const createdAt = Date.now();
  const lost = createLostTask({
    taskId,
    createdAt,
    name,
    ...(continued !== undefined && { continued: JSON.parse(continued) as UIMessage }),
    cancel: undefined,
  });
  for (const frame of options.frames) lost.track(frame);
  const controller = new AbortController();
  const follow = () => controller.abort(inner.signal.reason);
  if (inner.signal.aborted) follow();
  else inner.signal.addEventListener('abort', follow, { once: true });

  // Set while the producer is gone.
  let leaseTimer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;
  const closed = createDeferred();

  const closeAsLost = async () => {
    const { outcome, frames } = lost.close(Date.now() - createdAt);
    await inner.settle(frames, outcome, { evenIfCancelled: true });
    await inner.release({ isSaved: false });
    controller.abort(createStopReason(lostError()));
    closed.resolve();
  };

  const kill = () => {
    if (isGone) return;
    isGone = true;
    leaseTimer = later(() => void closeAsLost(), leaseMs);
  };

  const log: TaskLog = {
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
