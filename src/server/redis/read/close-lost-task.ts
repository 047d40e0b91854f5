import type { Cursor } from '../../../protocol/cursor';
import { createLostTask } from '../../log/lost-frames';
import { decodeReason } from '../scripts/redis-keys';
import type { StoredLog, StoredRecord } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';

/** How much later than a reader a producer may find a storage that is back, in milliseconds. */
const maxReturnMs = 1_000;

/** Reads a whole log; resolves with the frames that close it, and Redis' time after the reading. */
async function closingFrames(stored: StoredTask, lost: StoredRecord, lookedAt: number) {
  const { firstEpoch, createdAt, openedAt = createdAt, name, cancel, leaseMs } = lost;
  const continued = await stored.fetchContinued();
  const task = createLostTask({
    taskId: stored.taskId,
    createdAt,
    name,
    continued: continued === undefined ? undefined : JSON.parse(continued),
    cancel: cancel === undefined ? undefined : { reason: decodeReason(cancel) },
  });
  let position: Cursor = { epoch: firstEpoch, n: 0 };
  let readAt = lookedAt;
  for (;;) {
    const log = await stored.fetchLog(position);
    for (const { epoch, offset, frames } of log?.frames ?? []) {
      for (const frame of frames) task.track(frame);
      position = { epoch, n: offset + frames.length };
    }
    // A long log may take long to read. But if Redis was away meanwhile, `readAt` stays, so that the
    // producer gets its chance to come back.
    if (log && log.now - readAt <= leaseMs / 2) readAt = log.now;
    if (!log?.hasMore) return { ...task.close(readAt - openedAt), readAt };
  }
}

/**
 * Marks a task as suspect whose producer's lease has lapsed, or closes it if it was suspect for long
 * enough. Resolves with how long to wait before the next look, in milliseconds.
 *
 * @param backAt When the storage was last found to be back, by `performance.now()`.
 */
export async function closeLostTask(
  stored: StoredTask,
  { record, now }: StoredLog,
  backAt: number,
): Promise<number> {
  const heartbeatMs = record.leaseMs / 2;
  const lapse = { record, readAt: now, waitMs: heartbeatMs };
  const { answer, waitMs } = await stored.close(lapse);
  if (answer === 'wait') return waitMs;
  if (answer !== 'ready') return 0;
  const returnMs = backAt + heartbeatMs + maxReturnMs - performance.now();
  if (returnMs > 0) return returnMs;
  const { readAt, ...closing } = await closingFrames(stored, record, now);
  await stored.close({ ...lapse, readAt }, closing);
  // Whether this process or another one has closed the task: the log tells it now.
  return 0;
}
