import type { TaskError } from '../../../protocol/task-error';
import { lostError, timeoutError } from '../../log/stop-reason';
import type { StoredLog } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';
import { closingFrames } from './closing-frames';

/** In how many milliseconds a task that waits has to be over, unless somebody takes it; 0 if it is due. */
function waitingMs({ record, now }: StoredLog): number {
  const { cancel, attempts } = record;
  if (record.status !== 'pending' || !attempts) return Number.POSITIVE_INFINITY;
  if (cancel !== undefined) return 0;
  const { work, notBefore = now, deadlineAt = Number.POSITIVE_INFINITY } = attempts;
  return Math.max(0, Math.min(deadlineAt, notBefore + work.maxWaitMs) - now);
}

/** Whether the deadline of a task is over. */
export function isPastDeadline({ record: { attempts }, now }: StoredLog): boolean {
  return now >= (attempts?.deadlineAt ?? Number.POSITIVE_INFINITY);
}

/** Why a task that waits ends, if nobody has asked it to stop. */
function errorOf(log: StoredLog): TaskError {
  if (isPastDeadline(log)) return timeoutError(log.record.attempts?.work.deadlineMs);
  return lostError('No process has taken the task up in time.');
}

/**
 * Closes a task that waits, if it was asked to stop, or its deadline or its longest wait is over.
 * Resolves with whether the task does not wait any more, as it was found.
 */
export async function endWaitingIfDue(stored: StoredTask, log: StoredLog): Promise<boolean> {
  if (waitingMs(log) > 0) return false;
  const { record, now } = log;
  const closing = await closingFrames(stored, record, {
    lookedAt: now,
    isWaiting: true,
    error: errorOf(log),
  });
  // Whether this process or another one was first: the log tells it now.
  await stored.endWaiting(record, closing);
  return true;
}

/**
 * Closes a task that waits, if it is due. Resolves with how long to wait before the next look, in
 * milliseconds.
 */
export async function watchWaiting(stored: StoredTask, log: StoredLog): Promise<number> {
  if (await endWaitingIfDue(stored, log)) return 0;
  return Math.min(waitingMs(log), log.record.leaseMs / 2);
}
