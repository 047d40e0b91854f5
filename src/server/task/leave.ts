import type { TaskError } from '../../protocol/task-error';
import type { Draining } from '../log/draining';
import { drainedError, outOfTimeError } from '../log/stop-reason';
import { later } from '../time/later';

export interface LeaveOptions {
  /** How the process takes leave. Default: it never does. */
  draining: Draining | undefined;
  /** How long this attempt may run here, in milliseconds. Default: for as long as it takes. */
  runMs: number | undefined;
  /** How long the work may go on after it was told to end, in milliseconds. */
  graceMs: number;
  /** Whether the task can be handed over. */
  canHandOver: boolean;
  /**
   * Called once, when the work has to end. The grace period is shorter where there is little time: half
   * of it at most.
   */
  onLeave: (error: TaskError, graceMs: number) => void;
}

/** When an attempt has to leave its process. */
export interface Leave {
  /** Why it has to; `undefined` until then. */
  readonly by: 'drain' | 'run-time' | undefined;
  /** Whether the process takes leave. */
  readonly isDraining: boolean;
  /** To be called when a checkpoint was stored, which is the best place to go. */
  noteCheckpoint(): void;
  dispose(): void;
}

/** Watches out for the time when an attempt has to leave its process. */
export function watchLeave({
  draining,
  runMs,
  graceMs: longestGraceMs,
  canHandOver,
  onLeave,
}: LeaveOptions): Leave {
  let by: Leave['by'];
  let isDraining = false;
  const timers: ReturnType<typeof setTimeout>[] = [];

  const leave = (reason: NonNullable<Leave['by']>, graceMs: number) => {
    if (by) return;
    by = reason;
    onLeave(reason === 'drain' ? drainedError() : outOfTimeError(), graceMs);
  };

  const leaveWithin = (leftMs: number, reason: NonNullable<Leave['by']>) => {
    const graceMs = Math.min(longestGraceMs, leftMs / 2);
    timers.push(later(() => leave(reason, graceMs), leftMs - graceMs));
  };

  if (runMs !== undefined) leaveWithin(Math.max(0, runMs), 'run-time');
  const ignore = draining?.whenBegun(() => {
    isDraining = true;
    leaveWithin(draining.leftMs(), 'drain');
  });

  return {
    get by() {
      return by;
    },
    get isDraining() {
      return isDraining;
    },
    noteCheckpoint() {
      if (!draining || !isDraining || !canHandOver) return;
      leave('drain', Math.min(longestGraceMs, draining.leftMs() / 2));
    },
    dispose() {
      ignore?.();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
