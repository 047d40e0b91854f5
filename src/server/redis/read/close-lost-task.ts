import type { Cursor } from '../../../protocol/cursor';
import { createLostTask } from '../../log/lost-frames';
import { decodeReason } from '../scripts/redis-keys';
import type { StoredLog, StoredRecord } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';

/** How much longer than a reader a producer may take to find a storage that is back. */
const maxReturnMs = 1_000;

/** The frames that close a log, and Redis' time when all that it holds had been read. */
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
    // A long log may take long to read, but Redis must not have been away meanwhile.
    if (log && log.now - readAt <= leaseMs / 2) readAt = log.now;
    if (!log?.hasMore) return { ...task.close(readAt - openedAt), readAt };
  }
}

/**
 * Marks a task whose producer's lease has lapsed as suspect or closes it, and gives how long to wait
 * before the next look, in milliseconds.
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
  // Whoever closed it, the log says so now.
  return 0;
}
