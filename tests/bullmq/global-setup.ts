import type { TestProject } from 'vitest/node';
import { provideRedis } from '../redis/global-setup';

/** Gives the tests of a run the programs of web servers and workers, and one database. */
export function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  return provideRedis(project, new URL('processes/', import.meta.url));
}
