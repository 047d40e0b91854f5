import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { requireProgram } from '../../scripts/find-program.mjs';

/** Rebuilds answers in Chromium with `useChat`, each answer on a page of its own. */
export async function openBrowserClient(replays) {
  const script = await bundlePage();
  const server = createServer((request, response) => {
    if (request.url === '/page.js') {
      return response.setHeader('content-type', 'text/javascript').end(script);
    }
    const replay = replays[/^\/replays\/(\d+)\//.exec(request.url)?.[1]];
    if (replay) {
      response.setHeader('content-type', 'text/event-stream');
      if (replay.taskId) response.setHeader('x-task-id', replay.taskId);
      return response.end(replay.body);
    }
    response.setHeader('content-type', 'text/html');
    return response.end('<!doctype html><body><script type="module" src="/page.js"></script>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({
    executablePath: requireProgram('chromium'),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  return {
    version: `Chromium ${browser.version()}`,
    async rebuild(replay) {
      const page = await browser.newPage();
      try {
        await page.goto(`http://127.0.0.1:${server.address().port}/`);
        await page.waitForFunction(() => globalThis.rebuild);
        return await page.evaluate((options) => globalThis.rebuild(options), {
          isTask: replay.taskId !== undefined,
          api: `/replays/${replays.indexOf(replay)}`,
        });
      } finally {
        await page.close();
      }
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Bundles the page as for production. */
async function bundlePage() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.mjs', import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
  return outputFiles[0].text;
}
