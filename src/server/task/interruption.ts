import type { TaskError } from '../../protocol/task-error';
import { createStopReason, stopErrorOf, timeoutError } from '../log/stop-reason';
import { atMost } from '../time/at-most';
import { createDeferred } from '../time/deferred';
import type { AttemptFacts } from './attempt-end';
import { type LeaveOptions, watchLeave } from './leave';
import type { TaskClock } from './task-clock';

export interface InterruptionOptions extends Omit<LeaveOptions, 'onLeave'> {
  clock: TaskClock;
  /** The signal of the log. */
  signal: AbortSignal;
  /** The host's own signal. */
  abortSignal: AbortSignal | undefined;
  /** How long this attempt may take, in milliseconds. */
  deadlineMs: number | undefined;
  /** How long all attempts may take, in milliseconds. */
  deadlineOfAllMs: number | undefined;
}

/** All that can end the work of an attempt before it has ended by itself. */
export interface Interruption {
  /** Aborts at the first of all that; what comes later counts all the same. */
  readonly signal: AbortSignal;
  readonly stoppedBy: AttemptFacts['stoppedBy'];
  readonly leavesBy: AttemptFacts['leavesBy'];
  /** Whether the process takes leave. */
  readonly isDraining: boolean;
  /** What the task ends with, if it is stopped, or nobody goes on with it. */
  readonly error: TaskError;
  /** To be called when a checkpoint was stored. */
  noteCheckpoint(): void;
  /** Waits for the work. Once the signal has aborted, it waits for the grace period at most. */
  outlast(work: Promise<void>): Promise<void>;
  /** Stops a run whose deadline has passed though the timer has not had its turn yet. */
  checkDeadline(): void;
  dispose(): void;
}

/** The first request to stop, or the deadline, whichever comes first. */
interface Stop {
  readonly by: 'request' | 'deadline';
  readonly error: TaskError;
}

export function createInterruption({
  clock,
  signal,
  abortSignal,
  deadlineMs,
  deadlineOfAllMs,
  ...leaving
}: InterruptionOptions): Interruption {
  const controller = new AbortController();
  const released = new AbortController();
  const { promise: interrupted, resolve: interrupt } = createDeferred();
  // How long the work may go on once the signal has aborted.
  let { graceMs } = leaving;
  let stop: Stop | undefined;

  const abort = (error: TaskError) => {
    controller.abort(createStopReason(error));
    interrupt();
  };

  const leave = watchLeave({
    ...leaving,
    onLeave(error, leaveGraceMs) {
      if (controller.signal.aborted) return;
      graceMs = leaveGraceMs;
      abort(error);
    },
  });

  const stopBy = (by: Stop['by'], error: TaskError) => {
    if (stop) return;
    stop = { by, error };
    abort(error);
  };

  const follow = (source: AbortSignal) => {
    const onAbort = () => stopBy('request', stopErrorOf(source.reason));
    if (source.aborted) onAbort();
    else source.addEventListener('abort', onAbort, { once: true, signal: released.signal });
  };
  follow(signal);
  if (abortSignal) follow(abortSignal);

  const timeOut = () => stopBy('deadline', timeoutError(deadlineOfAllMs));
  const timer = deadlineMs === undefined ? undefined : setTimeout(timeOut, Math.max(0, deadlineMs));

  return {
    signal: controller.signal,
    get stoppedBy() {
      return stop?.by;
    },
    get leavesBy() {
      return leave.by;
    },
    get isDraining() {
      return leave.isDraining;
    },
    get error() {
      return stop?.error ?? stopErrorOf(controller.signal.reason);
    },
    noteCheckpoint: leave.noteCheckpoint,
    async outlast(work) {
      await Promise.race([work, interrupted]);
      if (controller.signal.aborted) await atMost(graceMs, work);
    },
    checkDeadline() {
      if (deadlineMs !== undefined && clock.now() - clock.startedAt >= deadlineMs) timeOut();
    },
    dispose() {
      clearTimeout(timer);
      leave.dispose();
      released.abort();
    },
  };
}
