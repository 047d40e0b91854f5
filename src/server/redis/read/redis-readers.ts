import { mayKnow } from '../../log/task-guard';
import type { TaskStreamContext } from '../../log/task-stream-context';
import { createTaskTail, type TailPosition, type TaskTail } from '../../log/task-tail';
import { createClosedError, createLogAwayError } from '../client/storage-error';
import type { StoredRecord } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';
import { fetchStart } from './history-fetcher';
import type { LocalTasks } from './local-tasks';
import type { RecentTasks } from './recent-tasks';

/** Before the first frame of any log. */
const origin: TailPosition = { epoch: 0, next: 0 };

/** Whether a record tells of an epoch, or of a later log, that the process does not know yet. */
function isAhead({ firstEpoch, epoch }: StoredRecord, tail: TaskTail): boolean {
  return firstEpoch > tail.firstEpoch || (firstEpoch === tail.firstEpoch && epoch > tail.epoch);
}

/** Makes readers of tasks: from what this process has at hand, or else from the storage. */
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
    // Whoever has seen a later epoch than this process may know what its producer has yet to learn.
    const isKnown = !cursor || !here || cursor.epoch <= here.tail.epoch;
    if (here?.producer && isKnown && mayKnow(here.access, options)) return here.read(options);

    const position = cursor ? { epoch: cursor.epoch, next: cursor.n + 1 } : origin;
    // Also for a task here that is not theirs to know: it takes as long as one that does not exist.
    const log = await fetchStart(storedTask(taskId), position, (found) => mayKnow(found, options));
    if (isClosed()) throw createClosedError();
    const known = tasks.get(taskId);
    if (known?.producer) {
      if (!log || !isAhead(log.record, known.tail)) {
        return mayKnow(known.access, options) ? known.read(options) : undefined;
      }
      // Somebody else has closed the log, or has begun another one.
      known.producer.abandon();
    }
    if (!log) {
      const awaited = known?.isAwaited ? known.access : recentTasks.get(taskId);
      if (awaited && mayKnow(awaited, options)) throw createLogAwayError();
      return undefined;
    }
    const { record } = log;
    const isRunning = record.status === 'running';
    let task = tasks.get(taskId);
    const isBehind = !isRunning && task?.tail.outcome === undefined;
    const isOther = task !== undefined && task.tail.firstEpoch !== record.firstEpoch;
    if (isOther && task && !task.isGone && !isAhead(record, task.tail)) {
      throw createLogAwayError();
    }
    // The log may have come back after all hope was lost.
    if (!task || isBehind || isOther || task.isGone) {
      const tail = createTaskTail({
        taskId,
        firstEpoch: record.firstEpoch,
        epoch: record.epoch,
        next: record.end + 1,
        closedEpochs: new Map(record.closedEpochs),
      });
      task = tasks.add({ tail, access: record, isOver: !isRunning });
      if (isRunning) task.follow(record);
      else tail.settle(record.status);
    }
    // What was read from a place beyond this log is nothing of it.
    const isBeyond = position.epoch > record.epoch;
    return task.read(options, isBeyond ? undefined : log);
  };
}
