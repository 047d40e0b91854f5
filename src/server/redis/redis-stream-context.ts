import { formatCursor, parseCursor } from '../../protocol/cursor';
import { TaskError } from '../../protocol/task-error';
import { atMost } from '../at-most';
import type { TaskLog, TaskReader, TaskStreamContext } from '../context/task-stream-context';
import { createCommitScheduler } from './commit-scheduler';
import { createHistoryFetcher, fetchStart, type HistorySource } from './history-fetcher';
import { createRedisChats } from './redis-chats';
import { type RedisClient, resolveConnector } from './redis-connector';
import { createRedisFollower, type RedisFollower } from './redis-follower';
import { createRedisKeys, encodeOptional, encodeReason } from './redis-keys';
import { createRedisLink } from './redis-link';
import { createRedisProducer, type RedisProducer } from './redis-producer';
import { cancelScript, openScript, readScript } from './redis-scripts';
import { createClosedError } from './storage-error';
import {
  entryIdFrom,
  parseEntries,
  parseStoredLog,
  type StoredLog,
  type StoredRecord,
} from './stored-log';
import { createTailReader } from './tail-reader';
import { createTaskTail, type TailPosition, type TaskTail } from './task-tail';

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
   * `context-unavailable`, and what Redis said in its message. Default: `console.error`.
   */
  onError?: (error: TaskError) => void;
}

/** How long a running task is kept after its last sign, in milliseconds. */
const runningTtlMs = 24 * 60 * 60 * 1000;

/** How long a cancel waits for a task that is not open yet, in milliseconds. */
const earlyCancelMs = 60_000;

/** How long closing waits for frames that are on their way, in milliseconds. */
const maxCloseMs = 1_000;

/** One read brings about so many bytes. */
const maxReadBytes = 512 * 1024;

/** What this process has to do with a task now. */
interface LocalTask {
  readonly tail: TaskTail;
  readonly owner: string | undefined;
  producer: RedisProducer | undefined;
  follower: RedisFollower | undefined;
  readerCount: number;
}

function checkPositive(options: Record<string, number>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value >= 0 && (Number.isFinite(value) || !name.endsWith('Ms'))) continue;
    throw new TaskError({
      code: 'invalid-options',
      message: `\`${name}\` has to be a number of 0 or more, and is ${value}.`,
    });
  }
}

/**
 * Keeps streams in Redis (6.2 or later, Valkey, Redis Cluster), for any number of instances. A
 * task that runs on one is followed, replayed and cancelled from all, also after it has ended;
 * a producer that died is found within three heartbeats. Make one per process, and share it
 * between routes. It connects at the first use.
 *
 * @throws TaskError `invalid-options`.
 */
export function createRedisStreamContext({
  client,
  url,
  keyPrefix = 'ai-task-stream',
  retentionMs = 3_600_000,
  maxLogBytes = 32 * 1024 * 1024,
  maxFrameBytes = 1024 * 1024,
  maxUnflushedBytes = 1024 * 1024,
  commitIntervalMs = 0,
  commandTimeoutMs = 5_000,
  onError = (error) => console.error(`ai-task-stream: ${error.message}`),
}: RedisStreamContextOptions = {}): TaskStreamContext {
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
    report(error) {
      try {
        onError(error);
      } catch (cause) {
        console.error(cause);
      }
    },
  });
  const scheduler = createCommitScheduler({ intervalMs: commitIntervalMs });
  const home = keys.home(crypto.randomUUID());
  const tasks = new Map<string, LocalTask>();
  let leaveHome: (() => void) | undefined;
  let isClosed = false;

  /** Looks at a task; without a position, at its record only. */
  const fetchLog = async (
    taskId: string,
    position?: TailPosition,
  ): Promise<StoredLog | undefined> => {
    const taskKeys = [keys.record(taskId), keys.frames(taskId), keys.lease(taskId)];
    const from = position ? entryIdFrom(position) : '';
    return parseStoredLog(await link.run(readScript, taskKeys, [from, String(maxReadBytes)]));
  };

  const fetchPage = async (taskId: string, position: TailPosition, count: number) => {
    const key = keys.frames(taskId);
    const words = ['XRANGE', key, entryIdFrom(position), '+', 'COUNT', String(count)];
    return parseEntries(await link.command(words, key));
  };

  const historyOf = (taskId: string): HistorySource => ({
    fetchLog: (position) => fetchLog(taskId, position),
    fetchPage: (position, count) => fetchPage(taskId, position, count),
  });

  /** Forgets a task that nobody here writes or reads. */
  const forget = (task: LocalTask) => {
    if (task.producer || task.readerCount > 0) return;
    task.follower?.close();
    task.follower = undefined;
    if (tasks.get(task.tail.taskId) === task) tasks.delete(task.tail.taskId);
  };

  const follow = (task: LocalTask, record: StoredRecord) => {
    const { taskId } = task.tail;
    task.follower ??= createRedisFollower({
      link,
      keys,
      tail: task.tail,
      record,
      retentionMs: wholeRetentionMs,
      fetchLog: (position) => fetchLog(taskId, position),
    });
  };

  const createReader = (
    task: LocalTask,
    position: TailPosition,
    initial?: StoredLog,
  ): TaskReader => {
    task.readerCount++;
    return createTailReader({
      tail: task.tail,
      position,
      initial,
      fetchLog: createHistoryFetcher({ initial, ...historyOf(task.tail.taskId) }),
      isAlive: () => task.producer !== undefined || task.follower?.isAlive === true,
      isGone: () => isClosed || task.follower?.isGone === true,
      onClose() {
        task.readerCount--;
        forget(task);
      },
    });
  };

  /** One channel tells this process of cancels. */
  const listenAtHome = () => {
    leaveHome ??= link.listen(home, {
      onMessage(taskId) {
        tasks.get(taskId)?.producer?.look();
      },
      onListening() {
        for (const { producer } of tasks.values()) producer?.look();
      },
    });
  };

  const requestCancel = async (
    taskId: string,
    owner: string | undefined,
    reason: string | undefined,
  ): Promise<boolean> => {
    const reply = await link.run(
      cancelScript,
      [keys.record(taskId), keys.earlyCancels(taskId)],
      [encodeOptional(owner), encodeReason(reason), String(earlyCancelMs), taskId],
    );
    // What is asked for here need not wait for the message.
    tasks.get(taskId)?.producer?.look();
    return reply === 1;
  };

  const chats = createRedisChats({ link, keys, fetchLog, cancel: requestCancel });

  return {
    async open(taskId, options): Promise<TaskLog | undefined> {
      const { owner, name, chatId, concurrent = false, graceMs = 5_000, token, frames } = options;
      const leaseMs = Math.ceil(options.leaseMs);
      listenAtHome();
      const createdAt = Date.now();
      const openArgs = [
        encodeOptional(owner),
        encodeOptional(name),
        encodeOptional(chatId),
        home,
        String(createdAt),
        String(leaseMs),
      ];
      const opening = link.run(
        openScript,
        [keys.record(taskId), keys.frames(taskId), keys.lease(taskId), keys.earlyCancels(taskId)],
        [
          token,
          '0',
          '',
          ...openArgs,
          String(runningTtlMs),
          String(frames.length - 1),
          frames.join('\n'),
        ],
      );
      const chat = chatId === undefined ? undefined : { owner, chatId };
      const entering = chat && chats.enter(chat, taskId);
      const [reply, entry] = await Promise.all([opening, entering]);
      if (isClosed) throw createClosedError();
      const [answer, last, cancel] = reply as [string, number, string | undefined];
      if (answer !== 'OPEN') {
        if (chat && entry?.isNew) await chats.leaveUnlessRunning(chat, taskId);
        return undefined;
      }
      if (chat && entry && !concurrent) chats.supersede(chat, entry.predecessors);

      const known = tasks.get(taskId);
      if (known?.producer) return known.producer;
      const tail = createTaskTail({
        taskId,
        epoch: 0,
        next: 0,
        maxUnstoredLength: 2 * maxUnflushedBytes,
      });
      // Asked again after a lost answer, the log may hold more than its beginning.
      if (last === frames.length - 1) for (const frame of frames) tail.push(frame);
      else tail.skipTo(last + 1);
      const task: LocalTask = {
        tail,
        owner,
        producer: undefined,
        follower: undefined,
        readerCount: 0,
      };
      tasks.set(taskId, task);
      task.producer = createRedisProducer({
        link,
        keys,
        scheduler,
        tail,
        token,
        leaseMs,
        graceMs,
        retentionMs: wholeRetentionMs,
        runningTtlMs,
        maxLogBytes,
        maxFrameBytes,
        maxUnflushedBytes,
        firstFrames: frames,
        cancel,
        openArgs,
        async release() {
          if (chat) await chats.leave(chat, taskId);
        },
        onEnd(how) {
          task.producer = undefined;
          if (how === 'fenced' && task.readerCount > 0 && !isClosed) {
            // Readers here go on with what the log says.
            follow(task, {
              status: 'running',
              epoch: tail.epoch,
              end: tail.next - 1,
              closedEpochs: new Map(),
              owner,
              name,
              chatId,
              createdAt,
              settledAt: undefined,
              leaseMs,
              cancel: undefined,
              isUnsaved: false,
            });
          }
          if (how === 'settled' && tasks.get(taskId) === task) tasks.delete(taskId);
          forget(task);
        },
      });
      return task.producer;
    },

    async read(taskId, { owner, cursor } = {}) {
      const parsed = cursor === undefined ? undefined : parseCursor(cursor);
      const position = parsed ? { epoch: parsed.epoch, next: parsed.n + 1 } : { epoch: 0, next: 0 };
      const known = tasks.get(taskId);
      if (known?.producer) {
        return known.owner === owner ? createReader(known, position) : undefined;
      }
      const log = await fetchStart(historyOf(taskId), position);
      if (isClosed) throw createClosedError();
      if (!log || log.record.owner !== owner) return undefined;
      const { record } = log;
      let task = tasks.get(taskId);
      const isBehind = record.status !== 'running' && task?.tail.outcome === undefined;
      // The log may have come back after all hope was lost.
      if (!task || isBehind || task.follower?.isGone) {
        task = {
          tail: createTaskTail({
            taskId,
            epoch: record.epoch,
            next: record.end + 1,
            closedEpochs: new Map(record.closedEpochs),
          }),
          owner,
          producer: undefined,
          follower: undefined,
          readerCount: 0,
        };
        if (record.status === 'running') {
          tasks.set(taskId, task);
          follow(task, record);
        } else task.tail.settle(record.status);
      }
      return createReader(task, position, log);
    },

    cancel: (taskId, { owner, reason } = {}) => requestCancel(taskId, owner, reason),

    async inspect(taskId) {
      const log = await fetchLog(taskId);
      if (!log) return undefined;
      const { status, owner, chatId, name, epoch, end, createdAt, isUnsaved } = log.record;
      const cursor = formatCursor(epoch, end);
      return {
        taskId,
        status,
        owner,
        chatId,
        name,
        cursor,
        createdAt,
        ...(isUnsaved && { isUnsaved }),
      };
    },

    async markSaved(taskId) {
      const log = await fetchLog(taskId);
      if (!log) return;
      const { owner, chatId } = log.record;
      const key = keys.record(taskId);
      await link.command(['HDEL', key, 'unsaved'], key);
      if (chatId !== undefined) await chats.leave({ owner, chatId }, taskId);
    },

    activeTask: (chatId, { owner } = {}) => chats.active({ owner, chatId }),

    async close() {
      if (isClosed) return;
      isClosed = true;
      const producers = [...tasks.values()].flatMap(({ producer }) => producer ?? []);
      if (producers.length > 0) {
        const flushing = Promise.all(producers.map((producer) => producer.flushed()));
        await atMost(maxCloseMs, flushing);
      }
      chats.close();
      leaveHome?.();
      scheduler.close();
      for (const task of tasks.values()) {
        task.producer?.abandon();
        task.follower?.close();
        task.tail.wake();
      }
      tasks.clear();
      link.close();
    },
  };
}
