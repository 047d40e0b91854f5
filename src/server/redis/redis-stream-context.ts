import { formatCursor } from '../../protocol/cursor';
import { TaskError } from '../../protocol/task-error';
import { callHost } from '../log/call-host';
import { boundReason } from '../log/cancel-reason';
import { checkedContext } from '../log/checked-context';
import { createLogWindow, type LogWindow } from '../log/log-window';
import { mayKnow } from '../log/task-guard';
import type {
  CancelOptions,
  TaskLog,
  TaskRecord,
  TaskStreamContext,
} from '../log/task-stream-context';
import { atMost } from '../time/at-most';
import { type RedisClient, resolveConnector } from './client/redis-connector';
import { createRedisLink } from './client/redis-link';
import { createClosedError, createLogAwayError } from './client/storage-error';
import { createLocalTasks } from './read/local-tasks';
import { createLossWatch, isLost } from './read/loss-watch';
import { awaitSaved } from './read/predecessors';
import { createRecentTasks } from './read/recent-tasks';
import { createRedisReaders } from './read/redis-readers';
import { createRedisKeys } from './scripts/redis-keys';
import type { StoredRecord } from './scripts/stored-log';
import { createStoredOutcomes } from './scripts/stored-outcome';
import type { TaskDetails } from './scripts/stored-task';
import { createStoredTasks } from './scripts/stored-tasks';
import { type SharedOptions, shareInDevelopment } from './share-in-development';
import { createCommitScheduler } from './write/commit-scheduler';
import { createOutcomeHolds } from './write/outcome-holds';
import { createRedisChats } from './write/redis-chats';
import { createRedisEarlyCancels } from './write/redis-early-cancels';
import { createRedisProducer, type RedisProducer } from './write/redis-producer';

export interface RedisStreamContextOptions {
  /**
   * A client of `redis` or `ioredis`, single or cluster. Its settings are taken over for
   * connections of our own (one for commands, one for subscriptions); it is never used or closed.
   */
  client?: RedisClient;
  /**
   * Where Redis is, when no `client` is given: needs the package `redis` or `ioredis`.
   * Default: `REDIS_URL`, then `KV_URL`.
   */
  url?: string;
  /** Before all keys and channels, after the prefix of an ioredis client. Default `ai-task-stream`. */
  keyPrefix?: string;
  /** How long a settled task can be replayed, in milliseconds. Default 3,600,000 (1 h). */
  retentionMs?: number;
  /**
   * Bytes of one log. Beyond them readers are told of a gap, and only snapshots, errors and the
   * outcome are kept. Default 33,554,432 (32 MiB).
   */
  maxLogBytes?: number;
  /** Bytes of one chunk as JSON; a larger one is refused. Default 1,048,576 (1 MiB). */
  maxFrameBytes?: number;
  /**
   * Characters of one task that may wait for a Redis that is away. Beyond them readers are told of
   * a gap. Default 1,048,576 (1 MiB).
   */
  maxUnflushedBytes?: number;
  /**
   * Between two commits of a task, in milliseconds. Default 0: whenever none is under way, or a
   * millisecond later within a burst. With very many busy tasks it grows by itself.
   */
  commitIntervalMs?: number;
  /** How long Redis may take to answer, in milliseconds. Default 5,000. */
  commandTimeoutMs?: number;
  /**
   * Told of trouble with Redis, once per kind until it is over: a `TaskError` with the code
   * `context-unavailable` (or `invalid-options` when nothing says where Redis is), and what Redis said in its message. The errors that calls of the context
   * reject with say nothing of it, because they may reach a browser; it is their `cause`.
   * Default: `console.error`.
   */
  onError?: (error: TaskError) => void;
}

/** How long a running task is kept after its last sign, in milliseconds. */
const runningTtlMs = 24 * 60 * 60 * 1000;

/** How long closing waits for frames that are on their way, in milliseconds. */
const maxCloseMs = 1_000;

function checkPositive(options: Record<string, number>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value >= 0 && (Number.isFinite(value) || !name.endsWith('Ms'))) continue;
    throw new TaskError({
      code: 'invalid-options',
      message: `\`${name}\` has to be a number of 0 or more, and is ${value}.`,
    });
  }
}

/** Where a task stands that runs here, whatever the storage has of it. */
function describe({ details, outcome }: RedisProducer, window: LogWindow): TaskRecord {
  const { owner, chatId, name, definition, createdAt } = details;
  const cursor = formatCursor(window.epoch, window.next - 1);
  const status = outcome ?? 'running';
  return { taskId: window.taskId, status, owner, chatId, name, definition, cursor, createdAt };
}

/** What is known of a running task that was taken from this process. */
function recordOf(
  { owner, definition, name, chatId, createdAt, leaseMs }: TaskDetails,
  window: LogWindow,
): StoredRecord {
  return {
    owner,
    definition,
    name,
    chatId,
    createdAt,
    leaseMs,
    status: 'running',
    firstEpoch: window.firstEpoch,
    epoch: window.epoch,
    end: window.next - 1,
    closedEpochs: new Map(),
    settledAt: undefined,
    cancel: undefined,
    isUnsaved: false,
  };
}

/** @throws TaskError `invalid-options`. */
function createContext({
  client,
  url,
  keyPrefix = 'ai-task-stream',
  retentionMs = 3_600_000,
  maxLogBytes = 32 * 1024 * 1024,
  maxFrameBytes = 1024 * 1024,
  maxUnflushedBytes = 1024 * 1024,
  commitIntervalMs = 0,
  commandTimeoutMs = 5_000,
  onError,
}: SharedOptions): TaskStreamContext {
  checkPositive({
    retentionMs,
    maxLogBytes,
    maxFrameBytes,
    maxUnflushedBytes,
    commitIntervalMs,
    commandTimeoutMs,
  });
  if (/[{}]/.test(keyPrefix)) {
    throw new TaskError({
      code: 'invalid-options',
      message: '`keyPrefix` must not hold `{` or `}`: they decide where a cluster keeps a key.',
    });
  }
  // Redis takes whole numbers only.
  const wholeRetentionMs = Math.ceil(retentionMs);
  const connector = resolveConnector({ client, url });
  const keys = createRedisKeys(connector.keyPrefix + keyPrefix);
  const link = createRedisLink({
    connect: connector.connect,
    commandTimeoutMs,
    report: (error) => callHost(() => onError(error), console.error),
  });
  const scheduler = createCommitScheduler({ intervalMs: commitIntervalMs });
  // Named at the first use: workers give no random numbers while modules are loaded.
  let home: string | undefined;
  const recentTasks = createRecentTasks();
  const storedTask = createStoredTasks(link, keys, recentTasks.look);
  const tasks = createLocalTasks({
    link,
    keys,
    storedTask,
    recentTasks,
    retentionMs: wholeRetentionMs,
  });
  const earlyCancels = createRedisEarlyCancels({ link, keys });
  let leaveHome: (() => void) | undefined;
  let isClosed = false;

  /** One channel tells this process of cancels. */
  const listenAtHome = (): string => {
    home ??= keys.home(crypto.randomUUID());
    leaveHome ??= link.listen(home, {
      onMessage(taskId) {
        tasks.get(taskId)?.producer?.look();
      },
      onListening() {
        for (const producer of tasks.producers()) producer.look();
      },
    });
    return home;
  };

  const requestCancel = async (
    taskId: string,
    { reason: given, ...asker }: CancelOptions = {},
  ): Promise<boolean> => {
    const options = { ...asker, reason: boundReason(given) };
    const answer = await storedTask(taskId).cancel(options);
    if (answer === 'refused') return false;
    const producer = tasks.get(taskId)?.producer;
    if (answer === 'kept') earlyCancels.note(taskId, options);
    // What is asked for here need not wait for the message.
    else if (producer) producer.look();
    // Where nobody is left to stop, it is closed.
    else {
      losses.look(taskId).catch(() => {
        // The storage is away, which the link has reported; whoever asks next closes it.
      });
    }
    return true;
  };

  const losses = createLossWatch({
    storedTask,
    read: (taskId, options) => context.read(taskId, options),
  });
  const chats = createRedisChats({ link, keys, look: losses.look, cancel: requestCancel });

  const holds = createOutcomeHolds({
    storedOutcome: createStoredOutcomes(link, keys),
    chats,
    retentionMs: wholeRetentionMs,
  });

  const context: TaskStreamContext = {
    async open(taskId, options): Promise<TaskLog | undefined> {
      const { owner, name, definition, chatId, concurrent = false } = options;
      const { graceMs = 5_000, token, frames, savesOutcome = false, continued } = options;
      const leaseMs = Math.ceil(options.leaseMs);
      const home = listenAtHome();
      const details: TaskDetails = {
        ...{ owner, name, definition, chatId, home, createdAt: Date.now(), leaseMs, savesOutcome },
        continued: savesOutcome ? continued : undefined,
      };
      const here = tasks.get(taskId)?.producer;
      // It runs, whatever has become of its record: it will be begun anew.
      if (here && here.token !== token) return undefined;
      const stored = storedTask(taskId);
      const opening = stored.open({ token, details, ttlMs: runningTtlMs, frames });
      const chat = chatId === undefined ? undefined : { owner, chatId };
      const entering = chat && chats.enter(chat, taskId);
      const [opened, entered] = await Promise.allSettled([opening, entering]);
      if (opened.status === 'rejected') throw opened.reason;
      const { isOpen, epoch, last, cancel } = opened.value;
      if (entered.status === 'rejected') {
        // It will not run: the next attempt has to find its id free, now or when the lease is over.
        if (isOpen) await stored.withdraw(token, details).catch(() => {});
        throw entered.reason;
      }
      const entry = entered.value;
      if (isClosed) throw createClosedError();
      if (!isOpen) {
        if (chat && entry?.isNew) await chats.leaveUnlessRunning(chat, taskId);
        return undefined;
      }
      if (chat && entry && !concurrent) chats.supersede(chat, entry.predecessors);

      const known = tasks.get(taskId)?.producer;
      if (known?.token === token) return known;
      // Another attempt had the task when the storage lost it.
      known?.abandon();
      const window = createLogWindow({ taskId, epoch });
      // Asked again after a lost answer, the log may hold more than its beginning.
      if (last === frames.length - 1) for (const frame of frames) window.push(frame);
      else window.skipTo(last + 1);
      const task = tasks.add({ window, access: details });
      const holder = { token, log: token };
      const hold = holds.create({ taskId, holder, leaseMs, savesOutcome, chat });
      const producer = createRedisProducer({
        stored,
        scheduler,
        window,
        token,
        details,
        graceMs,
        retentionMs: wholeRetentionMs,
        runningTtlMs,
        maxLogBytes,
        maxFrameBytes,
        maxUnflushedBytes,
        firstFrames: frames,
        cancel,
        async reenter() {
          if (chat) await chats.reenter(chat, taskId, details.createdAt);
        },
        release: hold.release,
        async predecessorsSaved() {
          if (!entry || concurrent) return;
          const { released } = holds;
          const { look } = losses;
          await awaitSaved({ taskIds: entry.unsaved, released, look, isClosed: () => isClosed });
        },
        onEnd(how) {
          hold.begin(how);
          if (how === 'settled') recentTasks.forget(taskId);
          else recentTasks.note(taskId, details, { isHere: false });
          task.endProducing(how === 'fenced' ? recordOf(details, window) : undefined);
        },
      });
      task.produce(producer);
      recentTasks.note(taskId, details, { isHere: true });
      return producer;
    },

    read: createRedisReaders({ tasks, storedTask, recentTasks, isClosed: () => isClosed }),

    cancel: requestCancel,

    async inspect(taskId, options) {
      const log = await losses.look(taskId);
      if (!log) {
        const { producer, window } = tasks.get(taskId) ?? {};
        if (producer && window) return describe(producer, window);
        const recent = recentTasks.get(taskId);
        if (recent && (!options || mayKnow(recent, options))) throw createLogAwayError();
        return undefined;
      }
      const { status, owner, chatId, name, definition, createdAt, isUnsaved } = log.record;
      const cursor = formatCursor(log.record.epoch, log.record.end);
      return {
        taskId,
        status,
        owner,
        chatId,
        name,
        definition,
        cursor,
        createdAt,
        ...(isUnsaved && { isUnsaved }),
        ...(isLost(log) && !tasks.get(taskId)?.producer && { isLost: true }),
      };
    },

    claimOutcome: (taskId, { owner } = {}) => holds.claim(taskId, owner),

    async activeTask(chatId, { owner } = {}) {
      const chat = { owner, chatId };
      const active = await chats.active(chat);
      const recent = active === undefined ? recentTasks.inChat(chat) : undefined;
      // Unless the storage has lost the chat together with its task, it has none.
      if (recent === undefined || (await storedTask(recent).fetchLog())) return active;
      if (tasks.get(recent)?.producer) return recent;
      throw createLogAwayError();
    },

    async close() {
      if (isClosed) return;
      isClosed = true;
      const producers = tasks.producers();
      if (producers.length > 0) {
        const flushing = Promise.all(producers.map((producer) => producer.flushed()));
        await atMost(maxCloseMs, flushing);
      }
      holds.close();
      losses.close();
      chats.close();
      leaveHome?.();
      scheduler.close();
      tasks.close();
      link.close();
    },
  };
  return checkedContext(context);
}

/**
 * Keeps streams in Redis (6.2 or later, Valkey, Redis Cluster), for any number of instances. A
 * task that runs on one is followed, replayed and cancelled from all, also after it has ended;
 * a producer that died is found within three heartbeats. Make one per process, and share it
 * between routes; in development (`NODE_ENV`) those of the same options are one. It connects at the
 * first use.
 *
 * @throws TaskError `invalid-options`.
 */
export function createRedisStreamContext({
  onError = (error) => console.error(`ai-task-stream: ${error.message}`),
  ...options
}: RedisStreamContextOptions = {}): TaskStreamContext {
  return shareInDevelopment({ ...options, onError }, createContext);
}
