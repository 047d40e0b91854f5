import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { type RecipesDesk, startRecipesDesk, type WiredServer } from './desk';
import { driveTaskPage } from './drive-task-page';
import { vite } from './frameworks';
import { makeProject } from './make-project';
import { type Major, readRecipe } from './read-recipe';
import { run } from './run-program';

describe.each<Major>([7, 6])(
  'a fresh Vite project with what docs/hosts/vite.md shows, on two origins, with AI SDK %i',
  (major) => {
    let desk: RecipesDesk;
    let server: WiredServer;
    let pages: WiredServer;

    beforeAll(async () => {
      desk = await startRecipesDesk();
      const made = await makeProject(vite, readRecipe('docs/hosts/vite.md', major));
      const { folder: cwd } = desk.own(made, made.remove);
      const program = join(cwd, 'node_modules/vite/bin/vite.js');

      pages = await desk.serve((port) => ({
        args: [program, 'preview', '--host', '127.0.0.1', '--port', port],
        cwd,
      }));
      server = await desk.serve((port) => ({
        args: ['dist-server/main.js'],
        cwd,
        env: { ...desk.modelEnv, PORT: port, PAGE_ORIGIN: pages.wire.address },
      }));
      const env = { VITE_SERVER: server.wire.address };
      const forServer = ['--ssr', 'server/main.ts', '--outDir', 'dist-server'];
      await run(process.execPath, [program, 'build'], { cwd, env });
      await run(process.execPath, [program, 'build', ...forServer], { cwd });
      await Promise.all([pages.start(), server.start()]);
    });

    afterEach(() => desk.tidy());
    afterAll(() => desk?.close());

    driveTaskPage(
      () => desk,
      () => ({
        address: pages.wire.address,
        server,
        prompt: 'A report of 200 words about tides',
        hasProgressBar: true,
      }),
    );
  },
);
