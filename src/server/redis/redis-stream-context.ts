import { formatCursor } from '../../protocol/cursor';
import { callHost } from '../log/call-host';
import { checkedContext } from '../log/checked-context';
import { drainableContext } from '../log/drainable-context';
import { knownOf } from '../log/known-task';
import { mayKnow } from '../log/task-guard';
import type { CancelOptions, TaskStreamContext } from '../log/task-stream-context';
import { atMost } from '../time/at-most';
import { createRedisLink } from './client/redis-link';
import { resolveConnection } from './client/resolve-connection';
import { createLogAwayError } from './client/storage-error';
import { createLocalTasks } from './read/local-tasks';
import { createLossWatch, isLost } from './read/loss-watch';
import { createRecentTasks } from './read/recent-tasks';
import { createRedisReaders } from './read/redis-readers';
import { createRedisOpener } from './redis-opener';
import { type RedisStreamContextOptions, resolveOptions } from './redis-options';
import { createRedisRuns } from './redis-runs';
import { createRedisTaker } from './redis-taker';
import { createRedisKeys } from './scripts/redis-keys';
import { attemptsRecord, createStoredTakings } from './scripts/stored-attempts';
import { createStoredOpenTasks } from './scripts/stored-open-tasks';
import { createStoredOutcomes } from './scripts/stored-outcome';
import { createStoredTasks } from './scripts/stored-tasks';
import { type SharedOptions, shareInDevelopment } from './share-in-development';
import { createCommitScheduler } from './write/commit-scheduler';
import { createOutcomeHolds } from './write/outcome-holds';
import { createRedisChats } from './write/redis-chats';
import { createRedisEarlyCancels } from './write/redis-early-cancels';

/** How long `close` waits for frames that are being stored, in milliseconds. */
const maxCloseMs = 1_000;

/** @throws TaskError `invalid-options`. */
function createContext(options: SharedOptions): TaskStreamContext {
  const { client, url, keyPrefix, retentionMs, commandTimeoutMs, commitIntervalMs, ...limits } =
    resolveOptions(options);
  const { onError } = options;
  const { findOpen, keyPrefix: ofClient } = resolveConnection({ client, url });
  const keys = createRedisKeys(ofClient + keyPrefix);
  const link = createRedisLink({
    findOpen,
    commandTimeoutMs,
    report: (error) => callHost(() => onError(error), console.error),
  });
  const scheduler = createCommitScheduler({ intervalMs: commitIntervalMs });
  // Named at the first use, because workers give no random numbers while modules are loaded.
  let home: string | undefined;
  const recentTasks = createRecentTasks();
  const openTasks = createStoredOpenTasks(link, keys);
  const storedTask = createStoredTasks(link, keys, {
    retentionMs,
    onLook: recentTasks.look,
    onWaiting(taskId, { definition, createdAt, attempts }) {
      const { log } = attempts ?? {};
      if (log) void openTasks.makeDue({ taskId, definition, createdAt, log }, 0);
    },
  });
  const tasks = createLocalTasks({ storedTask, recentTasks });
  const noteEarlyCancel = createRedisEarlyCancels(link, keys);
  let leaveHome: (() => void) | undefined;
  let isClosed = false;

  /** Listens on the one channel that tells this process of cancels, and returns its name. */
  const listenAtHome = (): string => {
    home ??= keys.home(crypto.randomUUID());
    leaveHome ??= link.listen(home, {
      onMessage: (taskId) => tasks.get(taskId)?.producer?.look(),
      onListening() {
        for (const producer of tasks.producers()) producer.look();
      },
    });
    return home;
  };

  const requestCancel = async (taskId: string, options: CancelOptions = {}): Promise<boolean> => {
    const answer = await storedTask(taskId).cancel(options);
    if (answer === 'refused') return false;
    const producer = tasks.get(taskId)?.producer;
    if (answer === 'kept') noteEarlyCancel(taskId, options);
    // Whoever looks at a task that waits closes it.
    else if (answer === 'waits') await look(taskId);
    // A producer in this process need not wait for the channel's message.
    else if (producer) producer.look();
    // If the task's producer is lost, the task is closed instead.
    else {
      look(taskId).catch(() => {
        // The storage is away, which the link has reported. The next look at the task closes it.
      });
    }
    return true;
  };

  const read = createRedisReaders({ tasks, storedTask, recentTasks, isClosed: () => isClosed });
  const look = createLossWatch({ storedTask, read });
  const chats = createRedisChats({ link, keys, look, cancel: requestCancel });
  const storedOutcome = createStoredOutcomes(link, keys);
  const holds = createOutcomeHolds({ storedOutcome, chats, retentionMs });

  const shared = { storedTask, tasks, chats, look, openTasks, isClosed: () => isClosed };
  const runs = createRedisRuns({ ...shared, scheduler, holds, limits });
  const starting = { ...shared, runs, home: listenAtHome };

  const context: TaskStreamContext = {
    open: createRedisOpener(starting),
    take: createRedisTaker({ ...starting, storedTaking: createStoredTakings(link, keys) }),
    read,
    cancel: requestCancel,

    async inspect(taskId, options) {
      const log = await look(taskId);
      const here = tasks.get(taskId);
      if (!log) {
        // A task that runs here exists, even if the storage has lost it.
        if (here?.producer) {
          const status = here.producer.outcome ?? 'running';
          const cursor = formatCursor(here.window.epoch, here.window.next - 1);
          return { taskId, ...knownOf(here.details), status, cursor };
        }
        const recent = recentTasks.get(taskId);
        if (recent && (!options || mayKnow(recent, options))) throw createLogAwayError();
        return undefined;
      }
      const { status, epoch, end, isUnsaved, openedAt } = log.record;
      return {
        ...{ taskId, ...knownOf(log.record), status, cursor: formatCursor(epoch, end) },
        ...(openedAt !== undefined && { openedAt }),
        ...(isUnsaved && { isUnsaved }),
        ...(isLost(log) && !here?.producer && { isLost: true }),
        ...attemptsRecord(log.record),
      };
    },

    claimOutcome: (taskId, { owner } = {}) => holds.claim(taskId, owner),

    async activeTask(chatId, { owner } = {}) {
      const chat = { owner, chatId };
      const active = await chats.active(chat);
      const recent = active === undefined ? recentTasks.inChat(chat) : undefined;
      // If a recent task of the chat is gone, the storage may have lost both: then the chat is away.
      if (recent === undefined || (await storedTask(recent).fetchLog())) return active;
      if (tasks.get(recent)?.producer) return recent;
      throw createLogAwayError();
    },

    retentionMs,
    dueTasks: openTasks.due,
    lookAgain: openTasks.lookAgain,

    async close() {
      if (isClosed) return;
      isClosed = true;
      const producers = tasks.producers();
      if (producers.length > 0) {
        const flushing = Promise.all(producers.map((producer) => producer.flushed()));
        await atMost(maxCloseMs, flushing);
      }
      holds.close();
      chats.close();
      leaveHome?.();
      scheduler.close();
      tasks.close();
      link.close();
    },
  };
  return drainableContext(checkedContext(context));
}

/**
 * Keeps tasks in Redis (6.2 or later, Valkey, Redis Cluster), for any number of instances. A task
 * that runs on one instance is followed and cancelled from all, and replayed after its end. A producer
 * that has died is found within three heartbeats. Make one context per process, and share it between
 * routes; in development (`NODE_ENV`) contexts with the same options are one. The context connects at
 * its first use.
 *
 * @throws TaskError `invalid-options`.
 */
export function createRedisStreamContext({
  onError = (error) => console.error(`ai-task-stream: ${error.message}`),
  ...options
}: RedisStreamContextOptions = {}): TaskStreamContext {
  return shareInDevelopment({ ...options, onError }, createContext);
}
