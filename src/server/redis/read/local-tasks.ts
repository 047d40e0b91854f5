import { createLogReader } from '../../log/log-reader';
import type { ReaderStart } from '../../log/log-walk';
import type { LogWindow } from '../../log/log-window';
import type { TaskAsker } from '../../log/task-guard';
import type { TaskReader } from '../../log/task-stream-context';
import type { StoredLog } from '../scripts/stored-log';
import type { StoredTask } from '../scripts/stored-task';
import type { RedisProducer } from '../write/redis-producer';
import { createHistoryFetcher } from './history-fetcher';
import type { RecentTask, RecentTasks } from './recent-tasks';
import { createRedisFollower, type RedisFollower } from './redis-follower';

/** A task that this process writes or reads. */
interface LocalTask {
  readonly window: LogWindow;
  /** Whose the task is, and of which definition. */
  readonly access: TaskAsker;
  /** Set while the task runs in this process. */
  readonly producer: RedisProducer | undefined;
  /** Whether the task runs elsewhere, as far as is known, and is followed. */
  readonly isAwaited: boolean;
  /** Whether the task was followed, and its log has been gone for too long. */
  readonly isGone: boolean;
  /** Opens one more reader, for which `initial` was read from the log already. */
  read(from: ReaderStart, initial?: StoredLog): TaskReader;
  /** Keeps the window up to date with a producer elsewhere. */
  follow(task: RecentTask): void;
  /** To be called when this process runs the task. */
  produce(producer: RedisProducer): void;
  /** To be called when the producer here has ended. A given `task` goes on elsewhere: it is followed. */
  endProducing(task?: RecentTask): void;
}

/** The tasks that this process writes or reads, so that all its readers share one window of each. */
export interface LocalTasks {
  get(taskId: string): LocalTask | undefined;
  /** The producers of this process. */
  producers(): RedisProducer[];
  /**
   * Adds a task, in the place of another one with the same id. A task that `isOver` is not shared: it
   * is for its reader alone.
   */
  add(options: { window: LogWindow; access: TaskAsker; isOver?: boolean }): LocalTask;
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
  const tasks = new Map<string, LocalTask>();
  const followers = new Set<RedisFollower>();
  let isClosed = false;

  const createLocalTask = (window: LogWindow, access: TaskAsker): LocalTask => {
    const { taskId } = window;
    const stored = storedTask(taskId);
    let producer: RedisProducer | undefined;
    let follower: RedisFollower | undefined;
    let readerCount = 0;

    /** Forgets the task once nobody in this process writes or reads it. */
    const forgetIfUnused = () => {
      if (producer || readerCount > 0) return;
      if (follower) {
        follower.close();
        followers.delete(follower);
        follower = undefined;
      }
      if (tasks.get(taskId) === task) tasks.delete(taskId);
    };

    const follow = (details: RecentTask) => {
      if (follower) return;
      const onSign = (known: RecentTask) => recentTasks.note(taskId, known);
      follower = createRedisFollower({ stored, window, task: details, onSign });
      followers.add(follower);
    };

    const task: LocalTask = {
      window,
      access,
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
      },
      endProducing(details) {
        producer = undefined;
        if (details && readerCount > 0 && !isClosed) follow(details);
        // A settled task is forgotten at once: new readers read its log from the storage.
        if (!details && tasks.get(taskId) === task) tasks.delete(taskId);
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
          isGone: () => isClosed || task.isGone,
          onClose() {
            readerCount--;
            forgetIfUnused();
          },
        });
      },
    };
    return task;
  };

  return {
    get: (taskId) => tasks.get(taskId),
    producers: () => [...tasks.values()].flatMap(({ producer }) => producer ?? []),
    add({ window, access, isOver = false }) {
      const task = createLocalTask(window, access);
      if (!isOver) tasks.set(window.taskId, task);
      return task;
    },
    close() {
      isClosed = true;
      for (const task of [...tasks.values()]) {
        task.producer?.abandon();
        task.window.wake();
      }
      for (const follower of followers) follower.close();
      followers.clear();
      tasks.clear();
    },
  };
}
