import { TaskError } from '../../protocol/task-error';
import type { RedisClient } from './client/resolve-connection';

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
   * Bytes of one log. Beyond them all readers are told of a gap, and get only snapshots, errors, ends
   * of parts and the outcome. Default 33,554,432 (32 MiB).
   */
  maxLogBytes?: number;
  /** Bytes of one chunk as JSON; a larger one is refused. Default 1,048,576 (1 MiB). */
  maxFrameBytes?: number;
  /**
   * Characters of one task that may wait for a Redis that is away. Beyond them readers in other
   * processes are told of a gap. Default 1,048,576 (1 MiB).
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

function checkPositive(options: Record<string, number>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value >= 0 && (Number.isFinite(value) || !name.endsWith('Ms'))) continue;
    throw new TaskError({
      code: 'invalid-options',
      message: `\`${name}\` has to be a number of 0 or more, and is ${value}.`,
    });
  }
}

/** What is set, whoever left it to its default. */
type RedisSettings = Pick<RedisStreamContextOptions, 'client' | 'url'> &
  Required<Omit<RedisStreamContextOptions, 'client' | 'url' | 'onError'>>;

/**
 * The options with their defaults.
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
  // Redis takes whole numbers only.
  return { client, url, keyPrefix, ...limits, ...durations, retentionMs: Math.ceil(retentionMs) };
}
