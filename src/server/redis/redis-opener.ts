import { createLogWindow } from '../log/log-window';
import { dueIn, lastKept } from '../log/open-tasks';
import type { StoredWork } from '../log/task-attempts';
import { taskPartTest } from '../log/task-part-test';
import type { OpenTaskOptions, TaskLog, TaskStreamContext } from '../log/task-stream-context';
import { atMost } from '../time/at-most';
import { createClosedError } from './client/storage-error';
import type { LocalTasks } from './read/local-tasks';
import type { LookAtTask } from './read/loss-watch';
import type { RedisRuns } from './redis-runs';
import type { KeptAttempts } from './scripts/stored-attempts';
import type { OpenTask, StoredOpenTasks } from './scripts/stored-open-tasks';
import type { Opening, StoredTask, TaskDetails } from './scripts/stored-task';
import { wholeMs } from './scripts/whole-ms';
import { createIdleLog } from './write/create-idle-log';
import type { RedisChats } from './write/redis-chats';

/** How long a task that waits is held back from its runner until others are superseded, in milliseconds. */
const maxSupersedingMs = 2_000;

/** What is kept for the next attempt when a task is opened. */
function keptOf({ work, start, waits }: OpenTaskOptions): KeptAttempts | undefined {
  if (!work || !start) return undefined;
  const { maxWaitMs, deadlineMs } = work;
  const whole: StoredWork = {
    ...work,
    maxWaitMs: wholeMs(maxWaitMs),
    ...(deadlineMs !== undefined && { deadlineMs: wholeMs(deadlineMs) }),
  };
  const begun = waits ? 0 : 1;
  const counts = { attempt: begun, tries: begun, freeHandOvers: 0, deadlineAt: undefined };
  return { work: whole, start, bytes: 0, ...counts };
}

/** Claims tasks, and makes their producers. */
export function createRedisOpener({
  storedTask,
  tasks,
  chats,
  runs,
  look,
  openTasks,
  home,
  isClosed,
}: {
  storedTask: (taskId: string) => StoredTask;
  tasks: LocalTasks;
  chats: RedisChats;
  runs: RedisRuns;
  look: LookAtTask;
  openTasks: StoredOpenTasks;
  /** Listens on the channel on which this process is told of cancels, and returns its name. */
  home: () => string;
  isClosed: () => boolean;
}): TaskStreamContext['open'] {
  /** The log of a task that was opened as one that waits. If it was cancelled before, it ends. */
  const waitingLog = async (
    taskId: string,
    cancel: string | undefined,
    withdraw: () => Promise<boolean>,
  ): Promise<TaskLog> => {
    // The storage may be away, which the link has reported. Then the next look ends the task.
    if (cancel !== undefined) await look(taskId).catch(() => {});
    return createIdleLog(0, { withdraw });
  };

  return async (taskId, options) => {
    const { owner, name, definition, chatId, savesOutcome = false, waits } = options;
    const { graceMs = 5_000, token, frames, concurrent = false } = options;
    const leaseMs = Math.ceil(options.leaseMs);
    const continued = savesOutcome ? options.continued : undefined;
    const known = { owner, name, definition, chatId, savesOutcome, continued };
    const details: TaskDetails = { ...known, home: home(), createdAt: Date.now(), leaseMs };
    const here = tasks.get(taskId)?.producer;
    // A task that runs here exists, even if the storage has lost it: its log will be begun anew.
    if (here && here.token !== token) return undefined;
    const stored = storedTask(taskId);
    const kept = keptOf(options);
    const startN = lastKept(options);
    const delayMs = kept && waits && wholeMs(waits.delayMs);
    const opening: Opening = { token, details, frames, kept, startN, delayMs };
    const chat = chatId === undefined ? undefined : { owner, chatId };
    const waitMs = kept && delayMs !== undefined ? delayMs + kept.work.maxWaitMs : 0;
    const openTask: OpenTask | undefined =
      savesOutcome || kept
        ? { taskId, definition, createdAt: details.createdAt, log: token }
        : undefined;
    // In the index first, so that a task whose process is lost right after this is found.
    const adding =
      openTask && openTasks.add(openTask, dueIn({ work: kept?.work, delayMs, leaseMs }));
    if (!openTasks.isAddedFirst()) await adding;
    const entering = chat && chats.enter(chat, taskId, waitMs);
    const claiming = [stored.open(opening), entering, adding] as const;
    const [opened, entered, added] = await Promise.allSettled(claiming);
    if (opened.status === 'rejected') throw opened.reason;
    const { isOpen, isOver, epoch, last, cancel, deadlineAt } = opened.value;
    const failed = [entered, added].find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') {
      // The task will not run. Its claim is taken back, so that the next attempt finds the id free.
      if (isOpen) await stored.withdraw(opening).catch(() => {});
      if (openTask) void openTasks.remove(openTask);
      throw failed.reason;
    }
    const entry = entered.status === 'fulfilled' ? entered.value : undefined;
    if (isClosed()) throw createClosedError();
    if (!isOpen) {
      if (openTask) void openTasks.remove(openTask);
      if (chat && entry?.isNew) await chats.leaveUnlessRunning(chat, taskId);
      return isOver ? createIdleLog(1) : undefined;
    }
    const superseding =
      chat && entry && !concurrent ? chats.supersede(chat, entry.predecessors) : undefined;
    if (delayMs !== undefined) {
      // Whoever takes the task finds by that which tasks are to be saved before it.
      if (superseding) await atMost(maxSupersedingMs, superseding);
      return waitingLog(taskId, cancel, async () => {
        if (!(await stored.withdraw(opening))) return false;
        if (openTask) void openTasks.remove(openTask);
        if (chat) await chats.leaveUnlessRunning(chat, taskId);
        return true;
      });
    }

    const other = tasks.get(taskId)?.producer;
    if (other?.token === token) return other;
    // Another producer here had this id when the storage lost its log. Its log is replaced now.
    other?.abandon();
    const window = createLogWindow({ taskId, epoch });
    // When `open` was repeated after a lost answer, the log may hold more than its beginning.
    if (last === frames.length - 1) for (const frame of frames) window.push(frame);
    else window.skipTo(last + 1);
    const isSnapshot = taskPartTest('data-task', taskId);
    return runs.begin({
      ...{ window, details, token, log: token, graceMs, cancel },
      firstFrames: frames,
      startFrames: frames.filter((frame) => !isSnapshot(frame)),
      attempts: kept && { kept: { ...kept, deadlineAt }, startN },
      unsaved: entry && !concurrent ? entry.unsaved : [],
    });
  };
}
