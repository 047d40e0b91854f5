import { TaskError } from '../../protocol/task-error';
import type { RedisClient } from './client/resolve-connection';

export interface RedisStreamContextOptions {
  /**
   * A client of `redis` or `ioredis`, single or cluster. The context makes two connections with the
   * same settings (one for commands, one for subscriptions); the client itself is never used or closed.
   */
  client?: RedisClient;
  /**
   * Where Redis is, when no `client` is given: needs the package `redis` or `ioredis`.
   * Default: `REDIS_URL`, then `KV_URL`.
   */
  url?: string;
  /**
   * Stands before all keys and channels, after the prefix of an ioredis client. Default
   * `ai-task-stream`.
   */
  keyPrefix?: string;
  /** How long a settled task can be replayed, in milliseconds. Default 3,600,000 (1 h). */
  retentionMs?: number;
  /**
   * How many bytes one log may have. Beyond it all readers are told of a gap, and get only snapshots,
   * errors, ends of parts and the outcome. Default 33,554,432 (32 MiB).
   */
  maxLogBytes?: number;
  /** How many bytes one chunk may have as JSON; larger ones are refused. Default 1,048,576 (1 MiB). */
  maxFrameBytes?: number;
  /**
   * How many characters of one task may wait while Redis is away. Beyond it frames are lost, and
   * readers in other processes are told of a gap. Default 1,048,576 (1 MiB).
   */
  maxUnflushedBytes?: number;
  /**
   * The least time between two commits of a task, in milliseconds. Default 0: a task commits when no
   * other commit of it is under way, or a millisecond later within a burst. With very many busy tasks
   * the time grows by itself.
   */
  commitIntervalMs?: number;
  /** How long Redis may take to answer, in milliseconds. Default 5,000. */
  commandTimeoutMs?: number;
  /**
   * Called at trouble with Redis, once per kind of trouble until that is over. The `TaskError` has the
   * code `context-unavailable` (or `invalid-options` when nothing says where Redis is), and in its
   * message what Redis said. Calls of the context reject with errors that do not say it, because
   * these may reach a browser; their `cause` is this error. Default: `console.error`.
   */
  onError?: (error: TaskError) => void;
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

/** The options after defaults were put in. */
type RedisSettings = Pick<RedisStreamContextOptions, 'client' | 'url'> &
  Required<Omit<RedisStreamContextOptions, 'client' | 'url' | 'onError'>>;

/**
 * Checks the options, and puts in defaults.
 *
 * @throws TaskError `invalid-options`.
 */
export function resolveOptions({
  client,
  url,
  keyPrefix = 'ai-task-stream',
  retentionMs = 3_600_000,
  maxLogBytes = 32 * 1024 * 1024,
  maxFrameBytes = 1024 * 1024,
  maxUnflushedBytes = 1024 * 1024,
  commitIntervalMs = 0,
  commandTimeoutMs = 5_000,
}: RedisStreamContextOptions): RedisSettings {
  const limits = { maxLogBytes, maxFrameBytes, maxUnflushedBytes };
  const durations = { commitIntervalMs, commandTimeoutMs };
  checkPositive({ retentionMs, ...limits, ...durations });
  if (/[{}]/.test(keyPrefix)) {
    throw new TaskError({
      code: 'invalid-options',
      message: '`keyPrefix` must not hold `{` or `}`: they decide where a cluster keeps a key.',
    });
  }
  // Redis takes only whole numbers of milliseconds.
  return { client, url, keyPrefix, ...limits, ...durations, retentionMs: Math.ceil(retentionMs) };
}
