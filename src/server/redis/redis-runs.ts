import type { LogWindow } from '../log/log-window';
import type { LocalTasks } from './read/local-tasks';
import type { LookAtTask } from './read/loss-watch';
import { awaitSaved } from './read/predecessors';
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
  limits,
  isClosed,
}: {
  storedTask: (taskId: string) => StoredTask;
  tasks: LocalTasks;
  scheduler: CommitScheduler;
  chats: RedisChats;
  holds: OutcomeHolds;
  look: LookAtTask;
  limits: LogLimitsOptions;
  isClosed: () => boolean;
}): RedisRuns {
  return {
    begin({ window, details, token, log, unsaved, ...run }) {
      const { taskId } = window;
      const { owner, chatId, savesOutcome, leaseMs } = details;
      const chat = chatId === undefined ? undefined : { owner, chatId };
      const task = tasks.add(window, details);
      const hold = holds.create({ taskId, holder: { token, log }, leaseMs, savesOutcome, chat });
      const reenter = async () => {
        if (chat) await chats.reenter(chat, taskId, details.createdAt);
      };
      const producer = createRedisProducer({
        ...run,
        storage: { stored: storedTask(taskId), window, token, log, details, reenter },
        ...{ limits, scheduler },
        tenure: {
          release: hold.release,
          async predecessorsSaved() {
            const { released } = holds;
            await awaitSaved({ taskIds: unsaved, released, look, isClosed });
          },
        },
        onEnd(how) {
          if (how === 'handed-over') {
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
