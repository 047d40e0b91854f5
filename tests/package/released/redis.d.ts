import { k as TaskError } from './task-parts.js';
import { T as TaskStreamContext } from './task-stream-context.js';
import 'ai';

/**
 * A client of the `redis` package (4 to 6; `createClient` or `createCluster`) or of `ioredis` (5 or
 * 6; `Redis` or `Cluster`). It is duplicated, and neither used nor closed itself.
 */
interface RedisClient {
    duplicate(...args: never[]): unknown;
    on(...args: never[]): unknown;
}

interface RedisStreamContextOptions {
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

/**
 * Keeps streams in Redis (6.2 or later, Valkey, Redis Cluster), for any number of instances. A
 * task that runs on one is followed, replayed and cancelled from all, also after it has ended;
 * a producer that died is found within three heartbeats. Make one per process, and share it
 * between routes; in development (`NODE_ENV`) those of the same options are one. It connects at the
 * first use.
 *
 * @throws TaskError `invalid-options`.
 */
declare function createRedisStreamContext({ onError, ...options }?: RedisStreamContextOptions): TaskStreamContext;

export { type RedisClient, type RedisStreamContextOptions, createRedisStreamContext };
