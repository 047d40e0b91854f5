import type { TaskError } from '../../protocol/task-error';
import { createUnavailableError } from '../log/task-errors';
import type { QueueAnswer, QueuedAttempt, QueuedOpening, TaskRunnerQueue } from '../log/task-queue';
import type { TaskRecord } from '../log/task-record';
import type { TaskLog } from '../log/task-stream-context';

/** How a task is started that a worker runs. */
export interface QueuedStart {
  readonly queue: TaskRunnerQueue;
  /** How long no worker may begin, in milliseconds. */
  readonly delayMs: number;
  /** How soon, beside others, as the queue counts. Default: the queue's own. */
  readonly priority?: number | undefined;
}

/**
 * Asks the queue for the first attempt at a task that was opened for it. If the queue is away, the
 * opening is taken back, and the error is returned and not thrown.
 */
export async function askForWorker(
  { queue, delayMs, priority }: QueuedStart,
  {
    taskId,
    opening,
    log,
    report,
  }: {
    taskId: string;
    opening: QueuedOpening;
    log: TaskLog;
    report: (error: unknown) => unknown;
  },
): Promise<TaskError | undefined> {
  const { definition = '' } = opening;
  try {
    await queue.enqueue({
      ...{ taskId, definition, attempt: 1, delayMs, opening },
      ...(priority !== undefined && { priority }),
      isJustOpened: true,
    });
    return undefined;
  } catch (cause) {
    const error = createUnavailableError(cause);
    report(error);
    const isWithdrawn = await withdraw(log, report);
    // A worker has the task by now, because somebody else has asked the queue for it.
    if (isWithdrawn === false) return undefined;
    return error;
  }
}

/**
 * Asks the queue for the next attempt at a task that waits for its workers. `undefined`: it does not, as
 * far as its record tells.
 *
 * @throws What the queue throws.
 */
export async function askForNextWorker(
  queue: TaskRunnerQueue,
  record: TaskRecord | undefined,
  task: Pick<QueuedAttempt, 'taskId' | 'definition' | 'opening'>,
): Promise<QueueAnswer | undefined> {
  if (!record?.isWaiting || record.runner !== queue.runner) return undefined;
  const { attempt = 0, notBefore = 0, priority } = record;
  const delayMs = Math.max(0, notBefore - Date.now());
  return queue.enqueue({
    ...{ ...task, attempt: attempt + 1, delayMs },
    ...(attempt === 0 && priority !== undefined && { priority }),
  });
}

/** Takes an opening back; `undefined` when it is not known whether it was. */
async function withdraw(
  log: TaskLog,
  report: (error: unknown) => unknown,
): Promise<boolean | undefined> {
  try {
    return await log.withdraw?.();
  } catch (error) {
    report(error);
    return undefined;
  }
}
