import { hexDigest } from '../../log/hex-digest';
import type { TaskAsker } from '../../log/task-guard';

/** The names of keys and channels that a context uses in Redis. */
export interface RedisKeys {
  readonly record: (taskId: string) => string;
  readonly frames: (taskId: string) => string;
  readonly lease: (taskId: string) => string;
  readonly earlyCancels: (taskId: string) => string;
  /** What the next attempt of a task needs. */
  readonly attempts: (taskId: string) => string;
  /** The channel on which commits of a task are announced. */
  readonly wakeUps: (taskId: string) => string;
  /** The sorted set of a chat's running tasks. */
  readonly chat: (owner: string | undefined, chatId: string) => Promise<string>;
  /** The sorted set of the open tasks of a definition, or of none, in a shard. */
  readonly openTasks: (shard: number, definition: string | undefined) => string;
  /** The channel on which a process is told to look at one of its tasks. */
  readonly home: (processId: string) => string;
}

/** The taskId is a hash tag, so that all keys of a task share a slot in a cluster. */
export function createRedisKeys(prefix: string): RedisKeys {
  const keyOf = (suffix: string) => (taskId: string) => `${prefix}:{${taskId}}:${suffix}`;
  return {
    record: keyOf('m'),
    frames: keyOf('f'),
    lease: keyOf('l'),
    earlyCancels: keyOf('c'),
    attempts: keyOf('a'),
    wakeUps: keyOf('w'),
    chat: async (owner, chatId) =>
      `${prefix}:chat:${await hexDigest('SHA-256', JSON.stringify([owner ?? null, chatId]))}`,
    openTasks: (shard, definition) => `${prefix}:{open-${shard}}:${encodeOptional(definition)}`,
    home: (processId) => `${prefix}:home:${processId}`,
  };
}

/** How many shards the index of open tasks has. Always the same: each task stays in its shard. */
export const indexShards = 16;

/** A number below `count` for a text: always the same one, and each about as often (FNV-1a). */
export function shardOf(text: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % count;
}

/** An optional text as it is stored, so that an empty text differs from none. */
export function encodeOptional(text: string | undefined): string {
  return text === undefined ? '' : `=${text}`;
}

export function decodeOptional(stored: string | undefined): string | undefined {
  return stored ? stored.slice(1) : undefined;
}

/** The field of a cancel that came before its task: by the task's owner, and its definition. */
export function cancelField({ owner, definition }: TaskAsker): string {
  return JSON.stringify([owner ?? null, definition ?? null]);
}

/** The reason of a cancel as it is stored: never empty, because an empty text means no cancel. */
export function encodeReason(reason: string | undefined): string {
  return reason === undefined ? '-' : `=${reason}`;
}

export function decodeReason(stored: string): string | undefined {
  return stored.startsWith('=') ? stored.slice(1) : undefined;
}
