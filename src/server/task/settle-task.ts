import type { TaskError } from '../../protocol/task-error';
import type { TaskSettlement } from '../../protocol/task-parts';
import { closingChunks, type Ending, settlementOf } from '../log/closing-chunks';
import { stopErrorOf } from '../log/stop-reason';
import type { TaskLog } from '../log/task-stream-context';
import type { TaskReporterCore } from './create-task-reporter';
import type { NestedTasks } from './nested-tasks';
import type { TaskClock } from './task-clock';
import type { TaskWriterCore } from './task-writer';

export interface SettleTaskMeans {
  taskId: string;
  clock: TaskClock;
  log: TaskLog;
  reporter: TaskReporterCore;
  writer: TaskWriterCore;
  nested: Pick<NestedTasks, 'running'>;
  /** Whether the settle part carries the result. */
  sendsResult: boolean;
  encodeResult: (result: unknown) => unknown;
  /** Reports an error to the host, and returns what a client may know of it. */
  maskError: (error: unknown) => TaskError;
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

/** The outcome of a task, and what there is to tell of it. */
export type Outcome = Pick<Ending, 'outcome' | 'result' | 'error'>;

/** The outcome of a task that was asked to stop before its outcome could be stored. */
export function cancelledOutcome({ signal }: TaskLog): Outcome {
  return { outcome: 'cancelled', error: stopErrorOf(signal.reason) };
}

/**
 * Stores the outcome of a task, with the frames that close its log. Never rejects.
 *
 * @param evenIfCancelled Whether the outcome was decided before any cancel.
 */
export async function settleTask(
  means: SettleTaskMeans,
  outcome: Outcome,
  { evenIfCancelled }: { evenIfCancelled: boolean },
): Promise<RunSettled> {
  const { log, maskError } = means;
  let { settlement, closing } = close(means, outcome);
  try {
    let answer = await log.settle(closing, settlement.status, { evenIfCancelled });
    if (answer === 'cancelled') {
      ({ settlement, closing } = close(means, cancelledOutcome(log)));
      answer = await log.settle(closing, settlement.status);
    }
    return { kind: 'settled', settlement, isOurs: answer !== false, isStored: true, closing };
  } catch (error) {
    maskError(error);
    return { kind: 'settled', settlement, isOurs: true, isStored: false, closing };
  }
}

/** The settlement and the closing frames. A result that cannot be sent fails the task. */
function close(
  means: SettleTaskMeans,
  how: Outcome,
): { settlement: TaskSettlement; closing: string[] } {
  const { taskId, clock, writer, reporter, nested, sendsResult, encodeResult, maskError } = means;
  const ending = { ...how, settledAt: clock.now() };
  const snapshot = reporter.snapshot();
  const open = { snapshot, nested: nested.running(), ...writer.leftOpen() };
  try {
    const isSent = sendsResult && how.result !== undefined;
    const result = isSent ? encodeResult(how.result) : undefined;
    const closing = closingChunks(open, { ...ending, result }).map((chunk) =>
      chunk.type === 'data-task-settle' && chunk.id === taskId
        ? writer.encode(chunk, 'result', result)
        : JSON.stringify(chunk),
    );
    return { settlement: settlementOf(snapshot, ending), closing };
  } catch (error) {
    if (how.outcome !== 'completed') throw error;
    return close(means, { outcome: 'failed', error: maskError(error) });
  }
}
