import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { findFreePort } from '../../scripts/find-free-port.mjs';
import { killWithThisProcess } from '../../scripts/kill-with-this-process.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
// The package says where the program for this platform is.
const { default: workerd }: { default: string } = createRequire(
  join(root, 'examples/worker/package.json'),
)('workerd');

/** Bundles `examples/worker`, and serves it by its own configuration from `workerd`. */
export async function startWorkerd(): Promise<{ origin: string; close(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'ai-task-stream-worker-'));
  await build({
    entryPoints: [join(root, 'examples/worker/worker.ts')],
    bundle: true,
    format: 'esm',
    outfile: join(directory, 'dist/worker.js'),
    tsconfig: join(root, 'tsconfig.tests.json'),
  });
  const port = await findFreePort();
  const config = await readFile(join(root, 'examples/worker/config.capnp'), 'utf8');
  const configFile = join(directory, 'config.capnp');
  await writeFile(configFile, config.replace('127.0.0.1:3000', `127.0.0.1:${port}`));

  const child = spawn(workerd, ['serve', configFile], { stdio: ['ignore', 'pipe', 'pipe'] });
  const guard = killWithThisProcess(child.pid ?? 0, { directory });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  let hasEnded = false;
  const ended = once(child, 'close').then(() => {
    hasEnded = true;
    guard.release();
  });
  const origin = `http://127.0.0.1:${port}`;
  for (;;) {
    if (hasEnded) throw new Error(`workerd has ended:\n${output}`);
    const answer = await fetch(`${origin}/api/report`).catch(() => undefined);
    await answer?.text();
    if (answer) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    origin,
    async close() {
      child.kill('SIGTERM');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
