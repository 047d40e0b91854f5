import type { Cursor } from '../../protocol/cursor';
import type { TaskError } from '../../protocol/task-error';
import { attemptFrames } from '../log/attempt-frames';
import { createLostTask } from '../log/lost-frames';
import { drainedError, lostError, timeoutError } from '../log/stop-reason';
import type {
  AttemptStart,
  HandOverAnswer,
  HandOverOptions,
  StoredWork,
} from '../log/task-attempts';
import type { AttemptsRecord } from '../log/task-record';
import { later } from '../time/later';
import { bytesOf } from './memory-bytes';
import { makeDue } from './memory-open-tasks';
import { forget, retain } from './memory-retention';
import { type MemoryLog, type MemoryState, releaseLog } from './memory-state';

/** How often in a row an attempt without a checkpoint may be handed over at no cost. */
const maxFreeHandOvers = 10;

/** What is kept of a task that may be attempted again. */
export interface MemoryAttempts {
  readonly work: StoredWork;
  /** Where the next attempt would begin, and the last frame before it. */
  start: AttemptStart;
  last: Cursor;
  /** How many attempts were begun since the last checkpoint, with the one that runs. */
  tries: number;
  freeHandOvers: number;
  /** Whether the attempt that runs has stored a checkpoint. */
  hasCheckpoint: boolean;
  /** Epoch milliseconds. */
  deadlineAt: number;
  /** Set while the task waits: between which times it may be taken, in epoch milliseconds. */
  waiting: { readonly notBefore: number; readonly until: number } | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** @param last The last of the frames that the next attempt keeps. */
export function createMemoryAttempts(
  { work, start, waits }: { work: StoredWork; start: AttemptStart; waits: boolean },
  last: Cursor,
): MemoryAttempts {
  const tries = waits ? 0 : 1;
  const attempts: MemoryAttempts = {
    ...{ work, start, last, tries, freeHandOvers: 0, hasCheckpoint: false },
    ...{ deadlineAt: Number.POSITIVE_INFINITY, waiting: undefined, timer: undefined },
  };
  if (!waits) startDeadline(attempts);
  return attempts;
}

/** The deadline counts from the first attempt on. */
function startDeadline(attempts: MemoryAttempts): void {
  const { deadlineMs = Number.POSITIVE_INFINITY } = attempts.work;
  attempts.deadlineAt = Math.min(attempts.deadlineAt, Date.now() + deadlineMs);
}

/** Lets a task wait for a runner. */
export function beginWaiting(
  state: MemoryState,
  log: MemoryLog,
  attempts: MemoryAttempts,
  delayMs: number,
): void {
  const notBefore = Date.now() + delayMs;
  attempts.waiting = { notBefore, until: notBefore + attempts.work.maxWaitMs };
  log.status = 'pending';
  // Nobody has this token, so whoever ran the task can write nothing more.
  log.token = crypto.randomUUID();
  makeDue(state, log, notBefore);
  endWaitingInTime(state, log, attempts);
  log.frames.wake();
}

/** Why a task that waits has to end now. A cancel has no error. */
function endingOf(
  { stop }: MemoryLog,
  { waiting, deadlineAt, work }: MemoryAttempts,
): { readonly error?: TaskError } | undefined {
  if (stop.signal.aborted) return {};
  const now = Date.now();
  if (now >= deadlineAt) return { error: timeoutError(work.deadlineMs) };
  const isTooLate = waiting !== undefined && now >= waiting.until;
  return isTooLate ? { error: lostError('No process has taken the task up in time.') } : undefined;
}

/** Closes a task that waits once it has to be over, and makes sure that somebody looks again. */
export function endWaitingInTime(
  state: MemoryState,
  log: MemoryLog,
  attempts: MemoryAttempts,
): void {
  clearTimeout(attempts.timer);
  if (!attempts.waiting) return;
  const ending = endingOf(log, attempts);
  if (ending) {
    closeWaiting(state, log, attempts, ending.error);
    return;
  }
  const again = () => endWaitingInTime(state, log, attempts);
  const end = Math.min(attempts.deadlineAt, attempts.waiting.until);
  attempts.timer = later(again, end - Date.now());
}

/** Closes the tasks that wait once this process drains: nobody could take them any more. */
export function drainWaiting(state: MemoryState): void {
  if (!state.control.draining.begun.aborted) return;
  for (const log of [...state.logs.values()]) {
    if (log.attempts?.waiting) closeWaiting(state, log, log.attempts, drainedError());
  }
}

/** Settles a task that waits: as cancelled, if it was asked to stop, and else with an error. */
function closeWaiting(
  state: MemoryState,
  log: MemoryLog,
  attempts: MemoryAttempts,
  error: TaskError | undefined,
): void {
  const { taskId, createdAt, name, continued, frames } = log;
  const reason: unknown = log.stop.signal.reason?.cause?.message;
  const lost = createLostTask({
    ...{ taskId, createdAt, name, error, isWaiting: true },
    continued: continued === undefined ? undefined : JSON.parse(continued),
    cancel: error ? undefined : { reason: reason === undefined ? undefined : String(reason) },
  });
  const reader = frames.read();
  for (let range = reader.take(); range; range = reader.take()) {
    for (let n = range.start; n < range.end; n++) lost.track(range.data[n - range.offset] ?? '');
  }
  reader.close();
  attempts.waiting = undefined;
  const { outcome, frames: closing } = lost.close(Date.now() - createdAt);
  // An epoch of its own, because the runner has not written it. Nothing is void.
  frames.rewind({ epoch: frames.epoch, n: frames.next - 1 }, closing);
  log.bytes += bytesOf(closing);
  endLog(state, log, outcome);
  // Nobody runs the task who could tell the host; whoever claims the outcome does.
  log.isHeld = false;
  log.released.resolve();
  if (!log.isUnsaved) releaseLog(state, log);
}

/** Ends the log of a task that is over. What another attempt would have needed is dropped. */
export function endLog(state: MemoryState, log: MemoryLog, status: MemoryLog['status']): void {
  clearTimeout(log.attempts?.timer);
  log.attempts = undefined;
  log.status = status;
  log.settledAt = Date.now();
  if (!log.isUnsaved) state.openTasks.delete(log);
  retain(state, log);
  log.frames.end();
}

/** Forgets a task that waits, as if it had never been opened. */
export function withdrawLog(state: MemoryState, log: MemoryLog): void {
  clearTimeout(log.attempts?.timer);
  log.attempts = undefined;
  forget(state, log);
  log.frames.end({ isCut: true });
}

/** Takes note of where the next attempt would begin: behind the newest frame. */
export function keepCheckpoint(
  { frames }: MemoryLog,
  attempts: MemoryAttempts,
  start: AttemptStart,
): void {
  attempts.start = start;
  attempts.last = { epoch: frames.epoch, n: frames.next - 1 };
  attempts.hasCheckpoint = true;
  attempts.tries = 1;
  attempts.freeHandOvers = 0;
}

/** Ends the attempt that runs without settling the task. */
export function handOver(
  state: MemoryState,
  log: MemoryLog,
  attempts: MemoryAttempts,
  { delayMs = 0, isFree = false }: HandOverOptions,
): HandOverAnswer {
  if (log.stop.signal.aborted) return 'cancelled';
  // No other process could take the task, and this one will not any more.
  if (state.control.draining.begun.aborted) return 'refused';
  const { attempt = 1 } = log;
  const { work, hasCheckpoint, freeHandOvers } = attempts;
  const costsNothing = hasCheckpoint || (isFree && freeHandOvers < maxFreeHandOvers);
  const tries = costsNothing ? attempts.tries - 1 : attempts.tries;
  if (tries >= work.attempts || attempt >= work.maxTotal) return 'refused';
  attempts.tries = tries;
  if (isFree && !hasCheckpoint) attempts.freeHandOvers++;
  beginWaiting(state, log, attempts, delayMs);
  return 'waiting';
}

/** Begins the next attempt of a task that waits, in an epoch of its own. */
export function beginAttempt(log: MemoryLog, attempts: MemoryAttempts, token: string): void {
  clearTimeout(attempts.timer);
  attempts.waiting = undefined;
  const attempt = (log.attempt ?? 0) + 1;
  log.attempt = attempt;
  attempts.tries++;
  attempts.hasCheckpoint = false;
  startDeadline(attempts);
  log.token = token;
  log.status = 'running';
  const { start, last } = attempts;
  const data = attemptFrames(start, { attempt, now: Date.now() });
  log.bytes += bytesOf(data);
  log.frames.rewind(last, data);
}

/** What the record tells of a task that may be attempted again. */
export function attemptsRecord({ attempt, attempts }: MemoryLog): AttemptsRecord {
  if (attempt === undefined || !attempts) return attempt === undefined ? {} : { attempt };
  const { work, waiting } = attempts;
  return {
    ...{ attempt, runner: work.runner, version: work.version },
    ...(work.priority !== undefined && { priority: work.priority }),
    ...(waiting && { isWaiting: true, notBefore: waiting.notBefore }),
  };
}
