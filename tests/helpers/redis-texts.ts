import type { TextStore } from './held-chats';
import type { RedisAdmin } from './redis-admin';

/** Keeps texts in Redis, by their names under a prefix. */
export function createRedisTexts(admin: RedisAdmin, keyPrefix: string): TextStore {
  const keyOf = (name: string) => `${keyPrefix}:messages:${name}`;
  return {
    get: async (name) => (await admin.send('GET', keyOf(name))) as string | null,
    async set(name, text) {
      await admin.send('SET', keyOf(name), text);
    },
  };
}
