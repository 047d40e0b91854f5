import { createEarlyCancels, keepEarlyCancel } from '../../log/early-cancels';
import type { CancelOptions } from '../../log/task-stream-context';
import type { RedisLink } from '../client/redis-link';
import { cancelField, type RedisKeys } from '../scripts/redis-keys';

/** Bounds what this process has put into Redis of cancels for tasks that are not open yet. */
export interface RedisEarlyCancels {
  /** Takes note of one; older ones go, if there are too many now. */
  note(taskId: string, options: CancelOptions): void;
}

/**
 * Each process looks after its own. They lie in as many slots of a cluster as there are taskIds, so
 * that no script could count them.
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
      // The storage is away; it drops the cancel itself after a while.
    }
  };

  return {
    note(taskId, { reason, ...asker }) {
      // As JSON, which is a text of its own: parts of a request would keep all of it in memory.
      const key = JSON.stringify([taskId, cancelField(asker)]);
      const dropped = keepEarlyCancel(noted, key, { reason, now: Date.now() });
      for (const other of dropped) void remove(JSON.parse(other) as [string, string]);
    },
  };
}
