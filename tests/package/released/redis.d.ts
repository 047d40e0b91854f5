import { g as TaskError } from './task-parts.js';
import { T as TaskStreamContext } from './task-stream-context.js';
import 'ai';

/**
 * A client of the `redis` package (4 to 6; `createClient` or `createCluster`) or of `ioredis` (5 or
 * 6; `Redis` or `Cluster`). The client is duplicated, and neither used nor closed itself.
 */
interface RedisClient {
    duplicate(...args: never[]): unknown;
    on(...args: never[]): unknown;
}

interface RedisStreamContextOptions {
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

/**
 * Keeps tasks in Redis (6.2 or later, Valkey, Redis Cluster), for any number of instances. A task
 * that runs on one instance is followed and cancelled from all, and replayed after its end. A producer
 * that has died is found within three heartbeats. Make one context per process, and share it between
 * routes; in development (`NODE_ENV`) contexts with the same options are one. The context connects at
 * its first use.
 *
 * @throws TaskError `invalid-options`.
 */
declare function createRedisStreamContext({ onError, ...options }?: RedisStreamContextOptions): TaskStreamContext;

export { type RedisClient, type RedisStreamContextOptions, createRedisStreamContext };
