import { findProgram } from '../../../scripts/find-program.mjs';
import { startRedisServer } from '../../../scripts/start-redis.mjs';
import { DemoError } from './demo-error.mjs';

/**
 * Where tasks are kept: at REDIS_URL, else in the server's memory. Several instances cannot share
 * their memory, so without REDIS_URL they get a Redis of their own, which runs until `stop`.
 */
export async function findStorage({ count }) {
  const { REDIS_URL } = process.env;
  if (REDIS_URL) {
    if (!URL.canParse(REDIS_URL)) {
      throw new DemoError('REDIS_URL has to be an address such as redis://localhost:6379.');
    }
    return { env: {}, description: `Redis at ${new URL(REDIS_URL).host} (REDIS_URL)` };
  }
  if (count === 1) {
    return { env: {}, description: "the server's memory (set REDIS_URL to keep them in Redis)" };
  }
  const server = await startRedisServer({ command: findRedisServer() });
  return {
    env: { REDIS_URL: server.url },
    stop: server.stop,
    description: `a Redis of the demo's own at ${server.url} (set REDIS_URL to use yours)`,
  };
}

function findRedisServer() {
  try {
    const command = findProgram('redis');
    if (command) return command;
  } catch (error) {
    throw new DemoError(error.message);
  }
  throw new DemoError(
    'There is no Redis here: install one (Debian: `apt-get install redis-server` as root), or set ' +
      'REDIS_SERVER_PATH to a redis-server or valkey-server, or REDIS_URL to one that runs.',
  );
}
