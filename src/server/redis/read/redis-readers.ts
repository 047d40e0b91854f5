import type { Cursor } from '../../../protocol/cursor';
import { createLogWindow, type LogWindow } from '../../log/log-window';
import { mayKnow } from '../../log/task-guard';
import type { TaskStreamContext } from '../../log/task-stream-context';
import { voidsOf } from '../../log/void-frames';
import { createClosedError, createLogAwayError } from '../client/storage-error';
import { isOver, type StoredRecord } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';
import { fetchStart } from './history-fetcher';
import type { LocalTasks } from './local-tasks';
import type { RecentTasks } from './recent-tasks';

/** A place before the first frame of any log. */
const origin: Cursor = { epoch: 0, n: 0 };

/** Whether a record tells of an epoch or of a later log that this process does not know yet. */
function isAhead({ firstEpoch, epoch }: StoredRecord, window: LogWindow): boolean {
  return (
    firstEpoch > window.firstEpoch || (firstEpoch === window.firstEpoch && epoch > window.epoch)
  );
}

/** Opens readers of tasks: over what this process has at hand, or else over the storage. */
export function createRedisReaders({
  tasks,
  storedTask,
  recentTasks,
  isClosed,
}: {
  tasks: LocalTasks;
  recentTasks: RecentTasks;
  storedTask: (taskId: string) => StoredTask;
  isClosed: () => boolean;
}): TaskStreamContext['read'] {
  return async (taskId, options = {}) => {
    const { cursor } = options;
    const here = tasks.get(taskId);
    // A reader that has seen a later epoch knows more than the producer here: the storage is asked.
    const isKnown = !cursor || !here || cursor.epoch <= here.window.epoch;
    if (here?.producer && isKnown && mayKnow(here.details, options)) return here.read(options);

    const position = cursor ? { epoch: cursor.epoch, n: cursor.n + 1 } : origin;
    // The storage is asked even if the reader may not know of a task that runs here, so that this
    // takes as long as for a task that does not exist.
    const log = await fetchStart(storedTask(taskId), position, (found) => mayKnow(found, options));
    if (isClosed()) throw createClosedError();
    const known = tasks.get(taskId);
    if (known?.producer) {
      if (!log || !isAhead(log.record, known.window)) {
        return mayKnow(known.details, options) ? known.read(options) : undefined;
      }
      // Others have closed this producer's log, or have begun another one.
      known.producer.abandon();
    }
    if (!log) {
      const awaited = known?.isAwaited ? known.details : recentTasks.get(taskId);
      if (awaited && mayKnow(awaited, options)) throw createLogAwayError();
      return undefined;
    }
    const { record } = log;
    const isOpen = !isOver(record);
    let task = tasks.get(taskId);
    const isOther = task !== undefined && task.window.firstEpoch !== record.firstEpoch;
    if (isOther && task && !task.isGone && !isAhead(record, task.window)) {
      throw createLogAwayError();
    }
    // A log that has ended is for its reader alone. One whose end is known here may be open, because the
    // look was early or Redis has lost the end, and one that `isGone` here may have come back after all.
    if (!task || !isOpen || task.window.isEnded || isOther || task.isGone) {
      const window = createLogWindow({
        taskId,
        firstEpoch: record.firstEpoch,
        epoch: record.epoch,
        next: record.end + 1,
        closedEpochs: new Map(record.closedEpochs),
        ...(record.rewinds && { voids: voidsOf(record.rewinds) }),
      });
      if (!isOpen) window.end();
      task = tasks.add(window, record);
      if (isOpen) task.follow({ isWaiting: record.status === 'pending' });
    }
    // If the position is beyond this log, nothing that was read from there is of this log.
    const isBeyond = position.epoch > record.epoch;
    return task.read(options, isBeyond ? undefined : log);
  };
}
