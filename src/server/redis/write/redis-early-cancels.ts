import { createEarlyCancels, keepEarlyCancel } from '../../log/early-cancels';
import type { CancelOptions } from '../../log/task-stream-context';
import type { RedisLink } from '../client/redis-link';
import { cancelField, type RedisKeys } from '../scripts/redis-keys';

/**
 * Returns a function that takes note of a cancel for a task that is not open yet, which this process
 * has kept in Redis. If there are too many such cancels, it removes older ones from Redis. Each
 * process bounds those that it has kept itself, because those of all processes lie in many slots of a
 * cluster, where no script could count them.
 */
export function createRedisEarlyCancels(
  link: RedisLink,
  keys: RedisKeys,
): (taskId: string, options: CancelOptions) => void {
  const noted = createEarlyCancels();

  const remove = async ([taskId, field]: [string, string]) => {
    const key = keys.earlyCancels(taskId);
    try {
      await link.command(['HDEL', key, field], key);
    } catch {
      // The storage is away. It drops the cancel by itself after a while.
    }
  };

  return (taskId, { reason, ...asker }) => {
    // The key is JSON, a text of its own: parts of a request would keep the whole of it in memory.
    const key = JSON.stringify([taskId, cancelField(asker)]);
    const dropped = keepEarlyCancel(noted, key, { reason, now: Date.now() });
    for (const other of dropped) void remove(JSON.parse(other) as [string, string]);
  };
}
