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

/** What this process has to do with a task now. */
interface LocalTask {
  readonly window: LogWindow;
  /** Whose it is, and of which definition. */
  readonly access: TaskAsker;
  /** Set while the task runs here. */
  readonly producer: RedisProducer | undefined;
  /** Whether what readers here get comes from elsewhere, and may go on. */
  readonly isAwaited: boolean;
  /** Whether what readers here get comes from elsewhere, and that has come to nothing. */
  readonly isGone: boolean;
  /** Gives its frames to one more reader, who has read `initial` already. */
  read(from: ReaderStart, initial?: StoredLog): TaskReader;
  /** Keeps its window up to date with a producer elsewhere, of which this much is known. */
  follow(task: RecentTask): void;
  /** Its producer is this process. */
  produce(producer: RedisProducer): void;
  /** The producer is done; readers go on with what the log says, if it still runs as `task` tells. */
  endProducing(task?: RecentTask): void;
}

/** The tasks that this process writes or reads, so that all its readers share one window of each. */
export interface LocalTasks {
  get(taskId: string): LocalTask | undefined;
  /** The producers of this process. */
  producers(): RedisProducer[];
  /**
   * Makes one, which takes the place of another of that id unless it `isOver`: what is over is
   * for its reader alone.
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

    /** Forgets the task once nobody here writes or reads it. */
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
        // One that has settled can be read from the log; whoever reads it here has it at hand.
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
