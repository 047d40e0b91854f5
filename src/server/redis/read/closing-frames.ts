import type { Cursor } from '../../../protocol/cursor';
import type { TaskError } from '../../../protocol/task-error';
import { rangesOf } from '../../log/log-part';
import { createLostTask } from '../../log/lost-frames';
import { decodeReason } from '../scripts/redis-keys';
import type { StoredRecord } from '../scripts/stored-log';
import type { Closing, StoredTask } from '../scripts/stored-task';

/** The frames that close a task which nobody runs, and Redis' time after the log was read. */
interface ReadClosing extends Closing {
  readonly readAt: number;
}

/**
 * Reads a whole log, without what is void, to find out what has to be closed.
 *
 * @param options.lookedAt Redis' time when the task was looked at.
 * @param options.error Why the task ends, if nobody has asked it to stop. Default: its process is gone.
 */
export async function closingFrames(
  stored: StoredTask,
  { firstEpoch, createdAt, openedAt = createdAt, name, cancel, leaseMs }: StoredRecord,
  {
    lookedAt,
    error,
    isWaiting = false,
  }: { lookedAt: number; error?: TaskError | undefined; isWaiting?: boolean },
): Promise<ReadClosing> {
  const continued = await stored.fetchContinued();
  const task = createLostTask({
    ...{ taskId: stored.taskId, createdAt, name, isWaiting, error },
    continued: continued === undefined ? undefined : JSON.parse(continued),
    cancel: cancel === undefined ? undefined : { reason: decodeReason(cancel) },
  });
  let position: Cursor = { epoch: firstEpoch, n: 0 };
  let readAt = lookedAt;
  for (;;) {
    const log = await stored.fetchLog(position);
    if (log) {
      const { ranges, after } = rangesOf(stored.taskId, position, log);
      for (const { data, offset, start, end } of ranges) {
        for (let n = start; n < end; n++) task.track(data[n - offset] ?? '');
      }
      position = after;
    }
    // A long log may take long to read. But if Redis was away meanwhile, `readAt` stays, so that the
    // producer gets its chance to come back.
    if (log && log.now - readAt <= leaseMs / 2) readAt = log.now;
    if (!log?.hasMore) return { ...task.close(readAt - openedAt), readAt };
  }
}
