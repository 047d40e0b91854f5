import { createServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { launchBrowser } from '../../browser/desk';
import type { ShownTask } from './shown-task';

/** Pages in Chromium that follow tasks. */
export interface BrowserReaders {
  /** Opens one more page, and resolves with what it shows in the end. */
  follow(kind: string, taskId: string): Promise<ShownTask>;
  close(): Promise<void>;
}

/** @param choosePort Names the port of a server for each request. */
export async function startBrowserReaders(choosePort: () => number): Promise<BrowserReaders> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    tsconfig: fileURLToPath(new URL('../../../tsconfig.tests.json', import.meta.url)),
    logLevel: 'error',
  });
  const script = outputFiles[0]?.text ?? '';
  const html = `<!doctype html><link rel="icon" href="data:,"><script type="module">${script}</script>`;
  const proxy = createServer((request, response) => {
    if (request.url === '/') {
      response.setHeader('content-type', 'text/html').end(html);
      return;
    }
    const { method, url, headers } = request;
    const to = { host: '127.0.0.1', port: choosePort(), path: url, method, headers, agent: false };
    const outgoing = sendRequest(to, (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers);
      response.flushHeaders();
      // A cut must not look like the end of a response.
      pipeline(incoming, response, () => {});
    });
    outgoing.once('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    response.once('close', () => outgoing.destroy());
    request.pipe(outgoing);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const browser = await launchBrowser();
  return {
    async follow(kind, taskId) {
      // A context of its own: browsers open six connections to a host for all pages of one.
      const page = await (await browser.newContext()).newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      const run = `followTask(${JSON.stringify(kind)}, ${JSON.stringify(taskId)})`;
      return page.evaluate<ShownTask>(run);
    },
    async close() {
      await browser.close();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
