import type { TaskLog } from '../../log/task-stream-context';
import type { Checkpoints } from './checkpoints';
import type { CommitWaiters } from './commit-waiters';
import type { FrameIntake } from './frame-intake';
import type { HandingOver } from './handing-over';
import type { LogLimits } from './log-limits';
import type { PendingFrames } from './pending-frames';

/** What the log of a task that may be attempted again can do beside what every log can. */
export function createAttemptVerbs({
  checkpoints,
  handingOver,
  intake,
  limits,
  pending,
  waiters,
  isOpen,
  append,
  hurry,
}: {
  /** Not set for a task that is attempted only once. */
  checkpoints: Checkpoints | undefined;
  handingOver: HandingOver;
  intake: FrameIntake;
  limits: Pick<LogLimits, 'bytes'>;
  pending: PendingFrames;
  waiters: CommitWaiters;
  /** Whether the attempt goes on. */
  isOpen: () => boolean;
  append: (frame: string) => void;
  /** To be called when the end of the attempt is to be stored. */
  hurry: () => void;
}): Required<Pick<TaskLog, 'checkpoint' | 'handOver'>> {
  return {
    async checkpoint(frame, start) {
      if (!isOpen()) return false;
      append(frame);
      if (!checkpoints || !intake.isWhole()) return false;
      const added = checkpoints.add({ n: pending.next() - 1, start, bytes: limits.bytes() });
      await waiters.until(() => added.state !== 'waiting');
      return added.state === 'stored';
    },
    async handOver(options = {}) {
      if (!isOpen()) return 'closed';
      if (!checkpoints) return 'refused';
      const answer = handingOver.begin(options);
      hurry();
      return answer;
    },
  };
}
