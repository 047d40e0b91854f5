import type { TaskReader } from '../../log/task-reader';
import type { ReadTaskOptions } from '../../log/task-stream-context';
import { later } from '../../time/later';
import type { StoredLog, StoredRecord } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';
import { endWaitingIfDue } from './end-waiting';

/**
 * Looks at a task's record. A task whose producer is lost is closed in the background. One that waits
 * and has to be over is closed before it is looked at.
 */
export type LookAtTask = (taskId: string) => Promise<StoredLog | undefined>;

/** How many lost tasks are watched at a time; others are when somebody asks for them again. */
const maxTasks = 100;

/** How long a lost task is watched, in milliseconds; to close it takes about a heartbeat interval. */
const maxWatchMs = 60_000;

/** Whether the lease of a running task's producer has lapsed. */
export function isLost({ record, leaseLeftMs }: StoredLog): boolean {
  return record.status === 'running' && leaseLeftMs === 0;
}

/**
 * A process that asks where a task stands, and finds that the producer's lease has lapsed, reads the
 * task for a while. So the task is closed by the same steps as if somebody followed it. When the
 * context is closed, the reading ends as that of all readers does.
 */
export function createLossWatch({
  storedTask,
  read,
}: {
  storedTask: (taskId: string) => StoredTask;
  read: (taskId: string, options: ReadTaskOptions) => Promise<TaskReader | undefined>;
}): LookAtTask {
  const watched = new Set<string>();

  const watch = async (taskId: string, { owner, epoch, end }: StoredRecord) => {
    watched.add(taskId);
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const reader = await read(taskId, { owner, cursor: { epoch, n: end } });
      if (!reader) return;
      timer = later(reader.close, maxWatchMs);
      for await (const _ of reader) {
        // The frames are not needed. The loop ends when the task is closed.
      }
      reader.close();
    } catch {
      // The storage is away, which the link has reported. The next look begins anew.
    } finally {
      clearTimeout(timer);
      watched.delete(taskId);
    }
  };

  return async (taskId) => {
    const stored = storedTask(taskId);
    const found = await stored.fetchLog();
    const hasEnded = found !== undefined && (await endWaitingIfDue(stored, found));
    const log = hasEnded ? await stored.fetchLog() : found;
    const isWatched = watched.has(taskId) || watched.size >= maxTasks;
    if (log && isLost(log) && !isWatched) void watch(taskId, log.record);
    return log;
  };
}
