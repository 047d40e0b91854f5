/** What is known of an attempt once its work is over, or is not waited for any more. */
export interface AttemptFacts {
  /** What has stopped the task, whatever its work has done then. */
  readonly stoppedBy: 'request' | 'deadline' | undefined;
  /** Why the attempt has to leave this process. */
  readonly leavesBy: 'drain' | 'run-time' | undefined;
  /** Whether the work and all that it has merged are over. */
  readonly isOver: boolean;
  /** How the work has failed, if it has: because it was told to end, or by itself. */
  readonly failure: 'none' | 'abort' | 'error';
}

/**
 * How an attempt ends. `drained` and `out-of-time`: it is handed over, or fails if nobody can go on
 * with it. All others settle the task, though a `failed` one may be worth another attempt.
 */
export type AttemptEnd =
  | 'cancelled'
  | 'timed-out'
  | 'completed'
  | 'failed'
  | 'drained'
  | 'out-of-time';

/**
 * Decides how an attempt ends. A stop outranks all else. Of an attempt that has to leave counts what its
 * work has come to by then, unless that has only done what it was told to.
 */
export function endOfAttempt({ stoppedBy, leavesBy, isOver, failure }: AttemptFacts): AttemptEnd {
  if (stoppedBy) return stoppedBy === 'deadline' ? 'timed-out' : 'cancelled';
  const leaves = leavesBy !== undefined && (!isOver || failure === 'abort');
  if (leaves) return leavesBy === 'drain' ? 'drained' : 'out-of-time';
  return failure === 'none' ? 'completed' : 'failed';
}
