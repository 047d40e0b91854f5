import { createLogReader } from '../../log/log-reader';
import type { ReaderStart } from '../../log/log-walk';
import type { LogWindow } from '../../log/log-window';
import type { TaskReader } from '../../log/task-reader';
import type { StoredLog } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';
import type { EndOfProducing } from '../write/log-commits';
import type { RedisProducer } from '../write/redis-producer';
import { createHistoryFetcher } from './history-fetcher';
import type { RecentTask, RecentTasks } from './recent-tasks';
import { createRedisFollower, type RedisFollower } from './redis-follower';

/** A task that this process writes or reads. */
interface LocalTask {
  readonly window: LogWindow;
  /** What was known of the task when it was added, such as whose it is. */
  readonly details: RecentTask;
  /** Set while the task runs in this process. */
  readonly producer: RedisProducer | undefined;
  /** Whether the task runs elsewhere, as far as is known, and is followed. */
  readonly isAwaited: boolean;
  /** Whether the task was followed, and its log has been gone for too long. */
  readonly isGone: boolean;
  /** Opens one more reader, for which `initial` was read from the log already. */
  read(from: ReaderStart, initial?: StoredLog): TaskReader;
  /** Keeps the window up to date with a producer elsewhere, or with a task that waits for one. */
  follow(options: { isWaiting: boolean }): void;
  /** To be called when this process runs the task. */
  produce(producer: RedisProducer): void;
  /** To be called when the producer here has ended. Unless it has settled, the task goes on elsewhere. */
  endProducing(how: EndOfProducing): void;
  /** Ends all reading and writing of the task. */
  close(): void;
}

/** The tasks that this process writes or reads, so that all its readers share one window of each. */
export interface LocalTasks {
  get(taskId: string): LocalTask | undefined;
  /** The producers of this process. */
  producers(): RedisProducer[];
  /**
   * Adds a task, in the place of another one with the same id. A task that is over already is not
   * shared: it is for its reader alone.
   */
  add(window: LogWindow, details: RecentTask): LocalTask;
  /** Ends all reading and writing. */
  close(): void;
}

export function createLocalTasks({
  storedTask,
  recentTasks,
}: {
  storedTask: (taskId: string) => StoredTask;
  recentTasks: RecentTasks;
}): LocalTasks {
  // The tasks by their ids; of two with the same id, only the newer one.
  const tasks = new Map<string, LocalTask>();
  // All tasks that are written or read.
  const inUse = new Set<LocalTask>();
  let isClosed = false;

  const createLocalTask = (window: LogWindow, details: RecentTask): LocalTask => {
    const { taskId } = window;
    const stored = storedTask(taskId);
    let producer: RedisProducer | undefined;
    let follower: RedisFollower | undefined;
    let readerCount = 0;

    const unshare = () => {
      if (tasks.get(taskId) === task) tasks.delete(taskId);
    };

    /** Forgets the task once nobody in this process writes or reads it. */
    const forgetIfUnused = () => {
      if (producer || readerCount > 0) return;
      follower?.close();
      follower = undefined;
      inUse.delete(task);
      unshare();
    };

    const follow: LocalTask['follow'] = ({ isWaiting }) => {
      if (follower || isClosed) return;
      const onSign = () => recentTasks.note(taskId, details);
      follower = createRedisFollower({ stored, window, task: details, isWaiting, onSign });
    };

    const task: LocalTask = {
      window,
      details,
      get producer() {
        return producer;
      },
      get isAwaited() {
        return follower !== undefined && !follower.isGone && !window.isEnded;
      },
      get isGone() {
        return follower?.isGone === true;
      },
      follow,
      produce(newProducer) {
        producer = newProducer;
        recentTasks.note(taskId, details, { isHere: true });
      },
      endProducing(how) {
        producer = undefined;
        if (how === 'settled') {
          recentTasks.forget(taskId);
          // New readers of a settled task read its log from the storage.
          unshare();
        } else {
          const isWaiting = how === 'handed-over';
          if (isWaiting) recentTasks.forget(taskId);
          else recentTasks.note(taskId, details, { isHere: false });
          if (readerCount > 0) follow({ isWaiting });
          window.wake();
        }
        forgetIfUnused();
      },
      read(from, initial) {
        readerCount++;
        return createLogReader({
          window,
          from,
          initial,
          history: createHistoryFetcher({ initial, ...stored }),
          isAlive: () => producer !== undefined || follower?.isAlive === true,
          isWaiting: () => follower?.isWaiting === true,
          isAfterLoss: () => follower?.isAfterLoss === true,
          isGone: () => isClosed || task.isGone,
          onClose() {
            readerCount--;
            forgetIfUnused();
          },
        });
      },
      close() {
        producer?.abandon();
        follower?.close();
        window.wake();
      },
    };
    return task;
  };

  return {
    get: (taskId) => tasks.get(taskId),
    producers: () => [...tasks.values()].flatMap(({ producer }) => producer ?? []),
    add(window, details) {
      const task = createLocalTask(window, details);
      inUse.add(task);
      if (!window.isEnded) tasks.set(window.taskId, task);
      return task;
    },
    close() {
      isClosed = true;
      for (const task of inUse) task.close();
    },
  };
}
