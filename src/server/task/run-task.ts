import type { TaskError } from '../../protocol/task-error';
import type { TaskSettlement } from '../../protocol/task-parts';
import { closingChunks, type Ending, settlementOf } from '../log/closing-chunks';
import { createStopReason, isAbort, stopErrorOf, timeoutError } from '../log/stop-reason';
import type { TaskLog } from '../log/task-stream-context';
import { atMost } from '../time/at-most';
import { createDeferred } from '../time/deferred';
import type { Checkpoints } from './checkpoints';
import type { TaskReporterCore } from './create-task-reporter';
import type { handOverAfter } from './hand-over-after';
import type { NestedTasks } from './nested-tasks';
import type { TaskClock } from './task-clock';
import type { TaskWriterCore } from './task-writer';

export interface RunTaskOptions {
  taskId: string;
  clock: TaskClock;
  execute: (signal: AbortSignal) => unknown;
  log: TaskLog;
  reporter: TaskReporterCore;
  writer: TaskWriterCore;
  nested: Pick<NestedTasks, 'end' | 'running'>;
  checkpoints: Pick<Checkpoints, 'end'>;
  /**
   * Hands the task over after its work has failed. Resolves with `undefined` when the task has to be
   * settled as failed at once. Default: it always has to be.
   */
  handOver?: ReturnType<typeof handOverAfter>;
  /** Whether the settle part carries the result. */
  sendsResult: boolean;
  encodeResult: (result: unknown) => unknown;
  /** How long this attempt may take, in milliseconds. */
  deadlineMs: number | undefined;
  /** How long all attempts may take, in milliseconds. */
  deadlineOfAllMs: number | undefined;
  graceMs: number;
  abortSignal: AbortSignal | undefined;
  /** Reports an error to the host, and returns what a client may know of it. */
  maskError: (error: unknown) => TaskError;
}

/** How a run ended: the task has settled, or this attempt has ended without that. */
export type RunOutcome = RunSettled | RunLeft;

/** A run that has not settled the task: it waits for another attempt, or is somebody else's now. */
interface RunLeft {
  readonly kind: 'left';
  /** After how many milliseconds the task may be taken; `undefined` when it is somebody else's. */
  readonly delayMs: number | undefined;
}

export interface RunSettled {
  readonly kind: 'settled';
  /** The settlement, with the whole result even where the settle part leaves it out. */
  readonly settlement: TaskSettlement;
  /** False when somebody else had closed the task, so that the log tells another outcome. */
  readonly isOurs: boolean;
  /** The frames that closed the log. */
  readonly closing: readonly string[];
  /** False when settling failed, so that it is not known which outcome the log tells. */
  readonly isStored: boolean;
}

const onceOnly: AddEventListenerOptions = { once: true };

interface Stop {
  readonly signal: AbortSignal;
  /** Whether the deadline came before any request to stop. */
  readonly isTimeout: boolean;
  /** Stops a run whose deadline has passed though the timer has not had its turn yet. */
  checkDeadline(): void;
  dispose(): void;
}

/** One signal for all that can stop a run: a request, the deadline, the host's own signal. */
function createStop({
  log,
  clock,
  deadlineMs,
  deadlineOfAllMs,
  abortSignal,
}: Pick<RunTaskOptions, 'log' | 'clock' | 'deadlineMs' | 'deadlineOfAllMs' | 'abortSignal'>): Stop {
  const controller = new AbortController();
  const released = new AbortController();
  const follow = (source: AbortSignal) => {
    const stop = () => controller.abort(createStopReason(stopErrorOf(source.reason)));
    if (source.aborted) stop();
    else source.addEventListener('abort', stop, { ...onceOnly, signal: released.signal });
  };
  follow(log.signal);
  if (abortSignal) follow(abortSignal);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isTimeout = false;
  const timeOut = () => {
    if (controller.signal.aborted) return;
    isTimeout = true;
    controller.abort(createStopReason(timeoutError(deadlineOfAllMs)));
  };
  if (deadlineMs !== undefined) timer = setTimeout(timeOut, Math.max(0, deadlineMs));
  return {
    signal: controller.signal,
    get isTimeout() {
      return isTimeout;
    },
    checkDeadline() {
      if (deadlineMs !== undefined && clock.now() - clock.startedAt >= deadlineMs) timeOut();
    },
    dispose() {
      clearTimeout(timer);
      released.abort();
    },
  };
}

/** Waits for the work. Once the signal has aborted, it waits for `graceMs` milliseconds at most. */
async function waitFor(
  work: Promise<void>,
  { signal, graceMs }: { signal: AbortSignal; graceMs: number },
): Promise<void> {
  const { promise: stopped, resolve: stop } = createDeferred();
  if (signal.aborted) stop();
  else signal.addEventListener('abort', () => stop(), onceOnly);
  await Promise.race([work, stopped]);
  if (signal.aborted) await atMost(graceMs, work);
}

/** Runs `execute` to its one outcome and stores it. Never rejects. */
export async function runTask(options: RunTaskOptions): Promise<RunOutcome> {
  const { execute, log, writer, graceMs, maskError } = options;
  const stop = createStop(options);
  let result: unknown;
  let thrown: { error: unknown } | undefined;
  const run = async () => {
    try {
      if (!stop.signal.aborted) result = await execute(stop.signal);
    } catch (error) {
      thrown = { error };
    }
    await writer.merged();
  };
  await waitFor(run(), { signal: stop.signal, graceMs });

  const { isTimeout } = stop;
  stop.checkDeadline();
  const { failure, ...ending } = judge(options, { stop, result, thrown });
  stop.dispose();
  writer.end();
  options.checkpoints.end();
  options.nested.end();
  options.reporter.end();

  const handedOver = failure && (await options.handOver?.(failure));
  if (handedOver?.answer === 'waiting') return { kind: 'left', delayMs: handedOver.delayMs };
  if (handedOver?.answer === 'closed') return { kind: 'left', delayMs: undefined };
  const isCancelled = handedOver?.answer === 'cancelled';

  let { settlement, frames } = settle(options, isCancelled ? cancelledEnding(log) : ending);
  try {
    let answer = await log.settle(frames, settlement.status, { evenIfCancelled: isTimeout });
    if (answer === 'cancelled') {
      ({ settlement, frames } = settle(options, cancelledEnding(log)));
      answer = await log.settle(frames, settlement.status);
    }
    return {
      kind: 'settled',
      settlement,
      isOurs: answer !== false,
      isStored: true,
      closing: frames,
    };
  } catch (error) {
    maskError(error);
    return { kind: 'settled', settlement, isOurs: true, isStored: false, closing: frames };
  }
}

/** The ending of a task that was asked to stop before its outcome could be stored. */
function cancelledEnding({ signal }: TaskLog): Pick<Ending, 'outcome' | 'error'> {
  return { outcome: 'cancelled', error: stopErrorOf(signal.reason) };
}

/** Decides the outcome of a run. A stop outranks whatever the work does after it. */
function judge(
  { writer, maskError }: Pick<RunTaskOptions, 'writer' | 'maskError'>,
  {
    stop,
    result,
    thrown,
  }: { stop: Stop; result: unknown; thrown: { readonly error: unknown } | undefined },
): Pick<Ending, 'outcome' | 'result' | 'error'> & {
  /** What the work has failed with, unless the task was stopped. */
  failure?: { readonly thrown: unknown; readonly told: TaskError };
} {
  const failure = thrown ?? writer.failure;
  if (stop.signal.aborted) {
    if (failure && !isAbort(failure.error)) maskError(failure.error);
    const error = stopErrorOf(stop.signal.reason);
    return { outcome: error.code === 'timeout' ? 'failed' : 'cancelled', error };
  }
  if (!failure) return { outcome: 'completed', result };
  const error = maskError(failure.error);
  // When a stream was aborted, that is told, and not the error that the work throws because of it.
  const isCutOff = writer.failure !== undefined && isAbort(writer.failure.error);
  const told = isCutOff ? maskError(writer.failure.error) : error;
  return { outcome: 'failed', error: told, failure: { thrown: failure.error, told } };
}

/** The settlement and the closing frames. A result that cannot be sent fails the task. */
function settle(
  options: RunTaskOptions,
  how: Pick<Ending, 'outcome' | 'result' | 'error'>,
): { settlement: TaskSettlement; frames: string[] } {
  const { taskId, clock, writer, reporter, nested, sendsResult, encodeResult, maskError } = options;
  const ending = { ...how, settledAt: clock.now() };
  const snapshot = reporter.snapshot();
  const open = { snapshot, nested: nested.running(), ...writer.leftOpen() };
  try {
    const isSent = sendsResult && how.result !== undefined;
    const result = isSent ? encodeResult(how.result) : undefined;
    const frames = closingChunks(open, { ...ending, result }).map((chunk) =>
      chunk.type === 'data-task-settle' && chunk.id === taskId
        ? writer.encode(chunk, 'result', result)
        : JSON.stringify(chunk),
    );
    return { settlement: settlementOf(snapshot, ending), frames };
  } catch (error) {
    if (how.outcome !== 'completed') throw error;
    return settle(options, { outcome: 'failed', error: maskError(error) });
  }
}
