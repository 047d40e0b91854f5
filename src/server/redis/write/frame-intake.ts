import type { LogWindow } from '../../log/log-window';
import { taskPartTest } from '../../log/task-part-test';
import type { WindowCare } from '../../log/window-care';
import type { CommitWaiters } from './commit-waiters';
import type { LogLimits } from './log-limits';
import type { PendingFrames } from './pending-frames';

/** Takes the frames of a producer, for readers in this process and to be stored. */
export interface FrameIntake {
  add(frame: string): void;
  newestSnapshot(): string | undefined;
  /** Whether the log has or will have all frames that were added. */
  isWhole(): boolean;
}

export function createFrameIntake({
  window,
  pending,
  limits,
  care,
  waiters,
  firstFrames,
  maxUnflushedBytes,
}: {
  window: LogWindow;
  pending: PendingFrames;
  limits: LogLimits;
  care: WindowCare;
  waiters: CommitWaiters;
  /** The first frames, which are stored already. */
  firstFrames: readonly string[];
  maxUnflushedBytes: number;
}): FrameIntake {
  const isSnapshot = taskPartTest('data-task', window.taskId);
  let newestSnapshot = firstFrames.find(isSnapshot);
  let isRefused = false;

  const put = (frame: string) => {
    pending.push(frame, waiters.isAway ? maxUnflushedBytes : Number.POSITIVE_INFINITY);
    window.push(frame);
  };

  return {
    add(frame) {
      care.beforePush();
      if (isSnapshot(frame)) newestSnapshot = frame;
      const others = limits.inPlaceOf(frame);
      if (others) for (const other of others) put(other);
      else put(frame);
      isRefused ||= others !== undefined;
      window.wake();
    },
    newestSnapshot: () => newestSnapshot,
    isWhole: () => !isRefused && pending.isWhole(),
  };
}
