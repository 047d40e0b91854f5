// The server that docs/production.md shows, in a process of its own, which is told to stop.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { findFreePort } from '../../scripts/find-free-port.mjs';
import { readPastedFiles } from '../helpers/snippets';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What stands in the place of files that the page's server imports. */
const files: Record<string, string> = {
  // A task that ends when it is told to.
  './lib/report': `
import { defineTask } from 'ai-task-stream/server';
export const report = defineTask({
  name: 'report',
  execute: () => new Promise((resolve) => process.once('message', resolve)),
  onSettle: ({ status }) => console.log(status),
});`,
  './lib/stream-context': `
import { createMemoryStreamContext } from 'ai-task-stream/server';
export const streamContext = createMemoryStreamContext();`,
};

async function bundleServer(outfile: string): Promise<void> {
  const contents = readPastedFiles(join(root, 'docs/production.md'), 7).get('server.ts') ?? '';
  await build({
    absWorkingDir: root,
    stdin: { contents, loader: 'ts', resolveDir: root },
    bundle: true,
    format: 'esm',
    platform: 'node',
    tsconfig: 'tsconfig.tests.json',
    logLevel: 'error',
    outfile,
    plugins: [
      {
        name: 'files',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^\.\/lib\// }, ({ path }) => ({ path, namespace: 'files' }));
          onLoad({ filter: /./, namespace: 'files' }, ({ path }) => ({
            contents: files[path],
            resolveDir: root,
          }));
        },
      },
    ],
  });
}

// A busy machine may take long until a process has begun.
const patience = { timeout: 120_000, interval: 50 };

it('lets a task end that nobody follows, before it stops at SIGTERM', {
  timeout: 300_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stopped-server-'));
  const program = join(folder, 'server.mjs');
  await bundleServer(program);
  const port = await findFreePort();
  const server = fork(program, { env: { ...process.env, PORT: `${port}` }, silent: true });
  try {
    let output = '';
    server.stdout?.on('data', (data) => {
      output += data;
    });
    const takeTask = async () => {
      const options = { method: 'POST', headers: { 'content-type': 'application/json' } };
      const response = await fetch(`http://127.0.0.1:${port}`, { ...options, body: '{}' });
      // Leaves at once.
      await response.body?.cancel();
      return response.ok;
    };
    const isUp = () => takeTask().catch(() => false);
    await expect.poll(isUp, patience).toBe(true);
    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    // It has heard the signal once it starts nothing more.
    await expect.poll(isUp, patience).toBe(false);
    expect(output).toBe('');
    server.send('end');
    expect(await exited).toEqual([0, null]);
    expect(output).toMatch(/^(completed\n)+$/);
  } finally {
    server.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
});
