import { createLogWindow } from '../log/log-window';
import type { TaskStreamContext } from '../log/task-stream-context';
import { createClosedError } from './client/storage-error';
import type { LocalTasks } from './read/local-tasks';
import type { LookAtTask } from './read/loss-watch';
import { awaitSaved } from './read/predecessors';
import type { StoredTask, TaskDetails } from './scripts/stored-task';
import type { CommitScheduler } from './write/commit-scheduler';
import { createRedisProducer } from './write/create-redis-producer';
import type { LogLimitsOptions } from './write/log-limits';
import type { OutcomeHolds } from './write/outcome-holds';
import type { RedisChats } from './write/redis-chats';

/** Claims tasks, and makes their producers. */
export function createRedisOpener({
  storedTask,
  tasks,
  scheduler,
  chats,
  holds,
  look,
  home,
  limits,
  isClosed,
}: {
  storedTask: (taskId: string) => StoredTask;
  tasks: LocalTasks;
  scheduler: CommitScheduler;
  chats: RedisChats;
  holds: OutcomeHolds;
  look: LookAtTask;
  /** Listens on the channel on which this process is told of cancels, and returns its name. */
  home: () => string;
  limits: LogLimitsOptions;
  isClosed: () => boolean;
}): TaskStreamContext['open'] {
  return async (taskId, options) => {
    const { owner, name, definition, chatId, savesOutcome = false } = options;
    const { graceMs = 5_000, token, frames, concurrent = false } = options;
    const leaseMs = Math.ceil(options.leaseMs);
    const continued = savesOutcome ? options.continued : undefined;
    const known = { owner, name, definition, chatId, savesOutcome, continued };
    const details: TaskDetails = { ...known, home: home(), createdAt: Date.now(), leaseMs };
    const here = tasks.get(taskId)?.producer;
    // A task that runs here exists, even if the storage has lost it: its log will be begun anew.
    if (here && here.token !== token) return undefined;
    const stored = storedTask(taskId);
    const opening = stored.open({ token, details, frames });
    const chat = chatId === undefined ? undefined : { owner, chatId };
    const entering = chat && chats.enter(chat, taskId);
    const [opened, entered] = await Promise.allSettled([opening, entering]);
    if (opened.status === 'rejected') throw opened.reason;
    const { isOpen, epoch, last, cancel } = opened.value;
    if (entered.status === 'rejected') {
      // The task will not run. Its claim is taken back, so that the next attempt finds the id free.
      if (isOpen) await stored.withdraw(token, details).catch(() => {});
      throw entered.reason;
    }
    const entry = entered.value;
    if (isClosed()) throw createClosedError();
    if (!isOpen) {
      if (chat && entry?.isNew) await chats.leaveUnlessRunning(chat, taskId);
      return undefined;
    }
    if (chat && entry && !concurrent) chats.supersede(chat, entry.predecessors);

    const other = tasks.get(taskId)?.producer;
    if (other?.token === token) return other;
    // Another producer here had this id when the storage lost its log. Its log is replaced now.
    other?.abandon();
    const window = createLogWindow({ taskId, epoch });
    // When `open` was repeated after a lost answer, the log may hold more than its beginning.
    if (last === frames.length - 1) for (const frame of frames) window.push(frame);
    else window.skipTo(last + 1);
    const task = tasks.add(window, details);
    const holder = { token, log: token };
    const hold = holds.create({ taskId, holder, leaseMs, savesOutcome, chat });
    const predecessorsSaved = async () => {
      if (!entry || concurrent) return;
      const { released } = holds;
      await awaitSaved({ taskIds: entry.unsaved, released, look, isClosed });
    };
    const reenter = async () => {
      if (chat) await chats.reenter(chat, taskId, details.createdAt);
    };
    const producer = createRedisProducer({
      storage: { stored, window, token, details, reenter },
      ...{ limits, scheduler, graceMs, cancel },
      firstFrames: frames,
      tenure: { release: hold.release, predecessorsSaved },
      onEnd(how) {
        hold.begin(how);
        task.endProducing(how);
      },
    });
    task.produce(producer);
    return producer;
  };
}
