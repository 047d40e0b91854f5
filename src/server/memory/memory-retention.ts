import { dropExpired } from '../log/early-cancels';
import { later } from '../time/later';
import { type MemoryLog, type MemoryState, releaseLog } from './memory-state';

/** When the log may go, in epoch milliseconds; `Infinity` while the task is running. */
function expiryOf({ settledAt, retentionMs }: MemoryLog): number {
  return settledAt === undefined ? Number.POSITIVE_INFINITY : settledAt + retentionMs;
}

/** Drops a log, whose id is free from then on. */
export function forget(state: MemoryState, log: MemoryLog): void {
  releaseLog(state, log);
  state.logs.delete(log.taskId);
  state.openTasks.delete(log);
  if (state.settled.delete(log.taskId)) state.settledBytes -= log.bytes;
}

/** Makes sure that there is a sweep at `expiresAt` (epoch milliseconds), or before. */
export function scheduleSweep(state: MemoryState, expiresAt: number): void {
  if (expiresAt >= state.sweepAt) return;
  clearTimeout(state.sweepTimer);
  state.sweepAt = expiresAt;
  // A timer can wait 2^31 - 1 ms at most. A sweep that comes too early just sets the next timer.
  const delayMs = Math.min(Math.max(0, expiresAt - Date.now()), 2 ** 31 - 1);
  state.sweepTimer = later(() => sweep(state), delayMs);
}

function sweep(state: MemoryState): void {
  const now = Date.now();
  let next = Number.POSITIVE_INFINITY;
  for (const log of state.settled.values()) {
    const expiry = expiryOf(log);
    if (expiry <= now) forget(state, log);
    else next = Math.min(next, expiry);
  }
  next = Math.min(next, dropExpired(state.earlyCancels, now));
  state.sweepTimer = undefined;
  state.sweepAt = Number.POSITIVE_INFINITY;
  if (next !== Number.POSITIVE_INFINITY) scheduleSweep(state, next);
}

/** How many settled logs are kept: each takes about a kilobyte beside the bytes that are counted. */
const maxSettledLogs = 100_000;

/** Counts a log as settled, and drops older ones until all fit. The newest stays in any case. */
export function retain(state: MemoryState, log: MemoryLog): void {
  state.settled.set(log.taskId, log);
  state.settledBytes += log.bytes;
  for (const older of state.settled.values()) {
    const fits = state.settledBytes <= log.maxTotalBytes && state.settled.size <= maxSettledLogs;
    if (fits || older === log) break;
    forget(state, older);
  }
  scheduleSweep(state, expiryOf(log));
}

/** The log of a task, unless it has expired. An expired log is dropped, so that its id is free. */
export function liveLog(state: MemoryState, taskId: string): MemoryLog | undefined {
  const log = state.logs.get(taskId);
  if (!log || expiryOf(log) > Date.now()) return log;
  forget(state, log);
  return undefined;
}
