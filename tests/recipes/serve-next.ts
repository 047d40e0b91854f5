import { join } from 'node:path';
import type { RecipesDesk, WiredServer } from './desk';
import { next } from './frameworks';
import { makeProject } from './make-project';
import { type Major, readRecipe } from './read-recipe';
import { run } from './run-program';

/** Pastes README.md and docs/chat.md into a fresh Next.js project, builds it, and serves it. */
export async function serveNext(
  desk: RecipesDesk,
  major: Major,
  redisUrl: string,
): Promise<WiredServer> {
  // What docs/chat.md shows takes the place of the short route in README.md.
  const recipes = ['README.md', 'docs/chat.md'].map((page) => readRecipe(page, major));
  const made = await makeProject(next, ...recipes);
  const { folder: cwd } = desk.own(made, made.remove);
  const program = join(cwd, 'node_modules/next/dist/bin/next');
  // As on a build machine: without the address of Redis, and without a key.
  await run(process.execPath, [program, 'build'], { cwd });
  const server = await desk.serve((port) => ({
    args: [program, 'start', '--hostname', '127.0.0.1', '--port', port],
    cwd,
    env: { ...desk.modelEnv, REDIS_URL: redisUrl },
  }));
  await server.start();
  return server;
}
