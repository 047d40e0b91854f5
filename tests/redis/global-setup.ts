import type { TestProject } from 'vitest/node';
import { requireProgram } from '../../scripts/find-program.mjs';
import { startRedisServer } from '../../scripts/start-redis.mjs';
import { bundlePrograms } from './bundle-programs';

/**
 * Gives the tests of a run the programs of other instances, and one database: REDIS_URL, else a
 * server that ends with the run.
 */
export function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  return provideRedis(project);
}

/** @param programs The folder of the programs. Default: those of this folder. */
export async function provideRedis(
  project: TestProject,
  programs?: URL,
): Promise<(() => Promise<void>) | undefined> {
  const { provide } = project;
  const providePrograms = async () => provide('taskPrograms', await bundlePrograms(programs));
  await providePrograms();
  project.onTestsRerun(providePrograms);
  if (process.env.REDIS_URL) {
    provide('redisUrl', process.env.REDIS_URL);
    return undefined;
  }
  const server = await startRedisServer({ command: requireProgram('redis') });
  provide('redisUrl', server.url);
  return () => server.stop();
}
