import type { TestProject } from 'vitest/node';
import { requireProgram } from '../../scripts/find-program.mjs';
import { startRedisServer } from '../../scripts/start-redis.mjs';

/** Gives the tests of a run one database: REDIS_URL, else a server that ends with the run. */
export async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (process.env.REDIS_URL) {
    provide('redisUrl', process.env.REDIS_URL);
    return undefined;
  }
  const server = await startRedisServer({ command: requireProgram('redis') });
  provide('redisUrl', server.url);
  return () => server.stop();
}
