import type { LogWindow } from '../log/log-window';
import type { LocalTasks } from './read/local-tasks';
import type { LookAtTask } from './read/loss-watch';
import { awaitSaved } from './read/predecessors';
import type { OpenTask, StoredOpenTasks } from './scripts/stored-open-tasks';
import type { StoredTask, TaskDetails } from './scripts/stored-task';
import type { CommitScheduler } from './write/commit-scheduler';
import { createRedisProducer } from './write/create-redis-producer';
import type { LogLimitsOptions } from './write/log-limits';
import type { OutcomeHolds } from './write/outcome-holds';
import type { RedisChats } from './write/redis-chats';
import type { RedisProducer, RedisProducerOptions } from './write/redis-producer';

/** What is written to a log, and by whom. */
interface Run
  extends Pick<
    RedisProducerOptions,
    'firstFrames' | 'startFrames' | 'attempts' | 'cancel' | 'graceMs'
  > {
  readonly window: LogWindow;
  readonly details: TaskDetails;
  readonly token: string;
  /** The token with which the log was opened. */
  readonly log: string;
  /** Tasks that may have to be saved before this one. */
  readonly unsaved: readonly string[];
}

/** Lets tasks run in this process, once they are its own in the storage. */
export interface RedisRuns {
  begin(run: Run): RedisProducer;
}

export function createRedisRuns({
  storedTask,
  tasks,
  scheduler,
  chats,
  holds,
  look,
  openTasks,
  limits,
  isClosed,
}: {
  storedTask: (taskId: string) => StoredTask;
  tasks: LocalTasks;
  scheduler: CommitScheduler;
  chats: RedisChats;
  holds: OutcomeHolds;
  look: LookAtTask;
  openTasks: StoredOpenTasks;
  limits: LogLimitsOptions;
  isClosed: () => boolean;
}): RedisRuns {
  return {
    begin({ window, details, token, log, unsaved, ...run }) {
      const { taskId } = window;
      const { owner, chatId, definition, savesOutcome, createdAt, leaseMs } = details;
      const chat = chatId === undefined ? undefined : { owner, chatId };
      const task = tasks.add(window, details);
      const isIndexed = savesOutcome || run.attempts !== undefined;
      const openTask: OpenTask | undefined = isIndexed
        ? { taskId, definition, createdAt, log }
        : undefined;
      const hold = holds.create({
        ...{ taskId, holder: { token, log }, leaseMs, savesOutcome, chat },
        leaveIndex: openTask && (() => openTasks.remove(openTask)),
      });
      const reenter = async () => {
        if (openTask) await openTasks.add(openTask, leaseMs);
        if (chat) await chats.reenter(chat, taskId, createdAt);
      };
      const producer = createRedisProducer({
        ...run,
        storage: { stored: storedTask(taskId), window, token, log, details, reenter },
        ...{ limits, scheduler },
        tenure: {
          release: hold.release,
          predecessors: unsaved,
          async predecessorsSaved() {
            const { released } = holds;
            await awaitSaved({ taskIds: unsaved, released, look, isClosed });
          },
        },
        onEnd(how, delayMs) {
          if (how === 'handed-over') {
            // A process that has put its task off goes on with it itself, unless it is lost.
            if (openTask && delayMs === 0) void openTasks.makeDue(openTask, 0);
            // Whoever takes the task holds its outcome.
            hold.stop();
            void hold.release();
          } else hold.begin(how);
          task.endProducing(how);
        },
      });
      task.produce(producer);
      return producer;
    },
  };
}
