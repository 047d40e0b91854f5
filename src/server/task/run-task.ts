import { isAbort } from '../log/stop-reason';
import { endOfAttempt } from './attempt-end';
import type { Checkpoints } from './checkpoints';
import type { HandedOver, HandOver } from './hand-over';
import type { Interruption } from './interruption';
import type { NestedTasks } from './nested-tasks';
import {
  cancelledOutcome,
  type Outcome,
  type RunSettled,
  type SettleTaskMeans,
  settleTask,
} from './settle-task';

export interface RunTaskOptions extends SettleTaskMeans {
  execute: (signal: AbortSignal) => unknown;
  interruption: Interruption;
  nested: Pick<NestedTasks, 'end' | 'running'>;
  checkpoints: Pick<Checkpoints, 'end'>;
  /** Hands the task over. Default: it cannot be handed over. */
  handOver?: HandOver;
}

/** How a run ended: the task has settled, or this attempt has ended without that. */
export type RunOutcome = RunSettled | RunLeft;

/** A run that has not settled the task: it waits for another attempt, or is somebody else's now. */
interface RunLeft {
  readonly kind: 'left';
  /** After how many milliseconds the task may be taken; `undefined` when it is somebody else's. */
  readonly delayMs: number | undefined;
  /** Whether the attempt has had to leave this process, and why. */
  readonly leavesBy: Interruption['leavesBy'];
}

/** What the work has failed with. */
interface Failure {
  readonly thrown: unknown;
  /** What is told of it: when a stream was aborted, that, and not what the work throws because of it. */
  readonly shown: unknown;
}

/** What came of the work. */
interface Worked {
  readonly isOver: boolean;
  readonly result: unknown;
  readonly failure: Failure | undefined;
}

/** Runs `execute` to its one outcome and stores it, or hands the task over. Never rejects. */
export async function runTask(options: RunTaskOptions): Promise<RunOutcome> {
  const { interruption, log } = options;
  const worked = await work(options);
  // Whether the deadline was known before any cancel was.
  const evenIfCancelled = interruption.stoppedBy === 'deadline';
  interruption.checkDeadline();
  const { outcome, pass } = judge(options, worked);
  interruption.dispose();
  options.writer.end();
  options.checkpoints.end();
  options.nested.end();
  options.reporter.end();

  const passed = await pass?.();
  const { leavesBy } = interruption;
  if (passed?.answer === 'waiting') return { kind: 'left', delayMs: passed.delayMs, leavesBy };
  if (passed?.answer === 'closed') return { kind: 'left', delayMs: undefined, leavesBy };
  const isCancelled = passed?.answer === 'cancelled';
  return settleTask(options, isCancelled ? cancelledOutcome(log) : outcome, { evenIfCancelled });
}

/** Does the work, for as long as it may. */
async function work({ execute, interruption, writer }: RunTaskOptions): Promise<Worked> {
  let isOver = false;
  let result: unknown;
  let thrown: { error: unknown } | undefined;
  const run = async () => {
    try {
      const { signal } = interruption;
      if (!signal.aborted) result = await execute(signal);
    } catch (error) {
      thrown = { error };
    }
    await writer.merged();
    isOver = true;
  };
  await interruption.outlast(run());
  const { failure } = writer;
  const error = thrown ?? failure;
  const cutOff = failure && isAbort(failure.error) ? failure : error;
  return { isOver, result, failure: error && { thrown: error.error, shown: cutOff?.error } };
}

/** The outcome of a run, and how the task is passed on to another attempt instead, if it can be. */
function judge(
  { interruption, handOver, maskError }: RunTaskOptions,
  { isOver, result, failure }: Worked,
): { outcome: Outcome; pass?: (() => Promise<HandedOver | undefined>) | undefined } {
  const { stoppedBy, leavesBy } = interruption;
  const kind = failure ? (isAbort(failure.shown) ? 'abort' : 'error') : 'none';
  const end = endOfAttempt({ stoppedBy, leavesBy, isOver, failure: kind });
  if (end === 'completed') return { outcome: { outcome: 'completed', result } };
  if (end === 'failed') {
    const told = failed(maskError, failure);
    return {
      outcome: { outcome: 'failed', error: told },
      pass: handOver && (() => handOver.afterFailure({ thrown: failure?.thrown, told })),
    };
  }
  // Nobody else is told of it.
  if (failure && !isAbort(failure.thrown)) maskError(failure.thrown);
  const { error } = interruption;
  // The host's own signal may say that the time is over.
  const isCancelled = end === 'cancelled' && error.code !== 'timeout';
  const isLeft = end === 'drained' || end === 'out-of-time';
  return {
    outcome: { outcome: isCancelled ? 'cancelled' : 'failed', error },
    pass: isLeft && handOver ? () => handOver.toLeave({ isFree: end === 'drained' }) : undefined,
  };
}

/** Reports what the work has failed with, and tells what a client may know of it. */
function failed(maskError: RunTaskOptions['maskError'], failure: Failure | undefined) {
  const error = maskError(failure?.thrown);
  return failure && failure.shown !== failure.thrown ? maskError(failure.shown) : error;
}
