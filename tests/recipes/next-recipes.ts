import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { startRedis } from '../helpers/redis-server';
import { type Desk, startDesk, type WiredServer } from './desk';
import { driveChatPage } from './drive-chat-page';
import { driveTaskPage } from './drive-task-page';
import { next } from './frameworks';
import { makeProject } from './make-project';
import { type Major, readRecipe } from './read-recipe';
import { run } from './run-program';

/** Pastes README.md and docs/chat.md into a fresh Next.js project, builds it, and drives its pages. */
export function describeNextRecipes(major: Major): void {
  describe(`a fresh Next.js project with what README.md and docs/chat.md show, with AI SDK ${major}`, () => {
    let desk: Desk;
    let server: WiredServer;

    beforeAll(async () => {
      desk = await startDesk();
      // What docs/chat.md shows takes the place of the short route in README.md.
      const recipes = ['README.md', 'docs/chat.md'].map((page) => readRecipe(page, major));
      const made = await makeProject(next, ...recipes);
      const { folder: cwd } = desk.own(made, made.remove);
      const program = join(cwd, 'node_modules/next/dist/bin/next');
      // As on a build machine: without the address of Redis, and without a key.
      await run(process.execPath, [program, 'build'], { cwd });
      const redis = await startRedis();
      desk.own(redis, redis.stop);
      server = await desk.serve((port) => ({
        args: [program, 'start', '--hostname', '127.0.0.1', '--port', port],
        cwd,
        env: { ...desk.modelEnv, REDIS_URL: redis.url },
      }));
      await server.start();
    });

    afterEach(() => desk.tidy());
    afterAll(() => desk?.close());

    describe('the page of the task', () => {
      driveTaskPage(
        () => desk,
        () => ({ address: server.wire.address, server, prompt: 'A report about tides' }),
      );
    });

    describe('the page of the chat', () => {
      driveChatPage(
        () => desk,
        () => server,
      );
    });
  });
}
