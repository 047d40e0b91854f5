import { timeoutError } from '../../log/stop-reason';
import type { StoredLog } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';
import { closingFrames } from './closing-frames';
import { isPastDeadline } from './end-waiting';

/** How much later than a reader a producer may find a storage that is back, in milliseconds. */
const maxReturnMs = 1_000;

/** Whether a task whose process is lost may be attempted once more. */
function mayTryAgain(log: StoredLog): boolean {
  const { attempts, cancel } = log.record;
  if (!attempts || cancel !== undefined || isPastDeadline(log)) return false;
  const { work, attempt, tries } = attempts;
  return tries < work.attempts && attempt < work.maxTotal;
}

/**
 * Marks a task as suspect whose producer's lease has lapsed. If it was suspect for long enough, lets it
 * wait for another attempt, or closes it. Resolves with how long to wait before the next look, in
 * milliseconds.
 *
 * @param backAt When the storage was last found to be back, by `performance.now()`.
 */
export async function closeLostTask(
  stored: StoredTask,
  log: StoredLog,
  backAt: number,
): Promise<number> {
  const { record, now } = log;
  const heartbeatMs = record.leaseMs / 2;
  const lapse = { record, readAt: now, waitMs: heartbeatMs };
  const { answer, waitMs } = await stored.close(lapse);
  if (answer === 'wait') return waitMs;
  if (answer !== 'ready') return 0;
  const returnMs = backAt + heartbeatMs + maxReturnMs - performance.now();
  if (returnMs > 0) return returnMs;
  if (mayTryAgain(log)) {
    await stored.close(lapse, 'waits');
    return 0;
  }
  // A cancel outranks a deadline that has passed since.
  const isTooLate = record.cancel === undefined && isPastDeadline(log);
  const error = isTooLate ? timeoutError(record.attempts?.work.deadlineMs) : undefined;
  const { readAt, ...closing } = await closingFrames(stored, record, { lookedAt: now, error });
  await stored.close({ ...lapse, readAt }, closing);
  // Whether this process or another one has closed the task: the log tells it now.
  return 0;
}
