import { DemoError } from './demo-error.mjs';
import { findRedis } from './find-redis.mjs';
import { startRedisServer } from './start-redis.mjs';

/**
 * Where tasks are kept: at REDIS_URL, else in the server's memory, which several instances cannot
 * share: they get a Redis that runs until `stop`.
 */
export async function findStorage({ count }) {
  const { REDIS_URL } = process.env;
  if (!REDIS_URL && count === 1) {
    return { env: {}, description: "the server's memory (set REDIS_URL to keep them in Redis)" };
  }
  const redis = findRedisOrSay();
  if (redis.url) {
    if (!URL.canParse(redis.url)) {
      throw new DemoError('REDIS_URL has to be an address such as redis://localhost:6379.');
    }
    return { env: {}, description: `Redis at ${new URL(redis.url).host} (REDIS_URL)` };
  }
  const server = await startRedisServer(redis);
  return {
    env: { REDIS_URL: server.url },
    stop: server.stop,
    description: `a Redis of the demo's own at ${server.url} (set REDIS_URL to use yours)`,
  };
}

function findRedisOrSay() {
  try {
    return findRedis();
  } catch (error) {
    throw new DemoError(error.message);
  }
}
