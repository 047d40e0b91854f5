import { createEarlyCancels, keepEarlyCancel } from '../../log/early-cancels';
import type { CancelOptions } from '../../log/task-stream-context';
import type { RedisLink } from '../client/redis-link';
import { cancelField, type RedisKeys } from '../scripts/redis-keys';

/** Bounds how many cancels for tasks that are not open yet this process keeps in Redis. */
export interface RedisEarlyCancels {
  /** Takes note of such a cancel. If there are too many now, older ones are removed from Redis. */
  note(taskId: string, options: CancelOptions): void;
}

/**
 * Each process bounds the cancels that it has kept itself, because those of all processes lie in many
 * slots of a cluster, where no script could count them.
 */
export function createRedisEarlyCancels({
  link,
  keys,
}: {
  link: RedisLink;
  keys: RedisKeys;
}): RedisEarlyCancels {
  const noted = createEarlyCancels();

  const remove = async ([taskId, field]: [string, string]) => {
    const key = keys.earlyCancels(taskId);
    try {
      await link.command(['HDEL', key, field], key);
    } catch {
      // The storage is away. It drops the cancel by itself after a while.
    }
  };

  return {
    note(taskId, { reason, ...asker }) {
      // The key is JSON, a text of its own: parts of a request would keep the whole of it in memory.
      const key = JSON.stringify([taskId, cancelField(asker)]);
      const dropped = keepEarlyCancel(noted, key, { reason, now: Date.now() });
      for (const other of dropped) void remove(JSON.parse(other) as [string, string]);
    },
  };
}
