import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../scripts/find-free-port.mjs';
import { isOutdated } from '../../scripts/is-outdated.mjs';
import { killWithThisProcess } from '../../scripts/kill-with-this-process.mjs';

const cwd = fileURLToPath(new URL('../../examples/next/', import.meta.url));
const next = createRequire(join(cwd, 'package.json')).resolve('next/dist/bin/next');

function runNext(args: readonly string[]) {
  const { REDIS_URL: _url, ...env } = process.env;
  const child = spawn(process.execPath, [next, ...args], {
    cwd,
    env: { ...env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const guard = killWithThisProcess(child.pid ?? 0);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close').then(([code]): number | null => {
    guard.release();
    return code;
  });
  return { child, ended, output: () => output };
}

/** Builds `examples/next` when it is out of date. It takes the built package. */
async function buildNext(): Promise<void> {
  const code = ['app', 'pages', 'instrumentation.ts'];
  const sources = [...code, 'next.config.mjs', 'package.json', 'tsconfig.json'];
  const surroundings = ['../lib', '../../dist', '../../package-lock.json'];
  const outputs = ['.next/BUILD_ID'];
  if (!(await isOutdated({ cwd, outputs, sources: [...sources, ...surroundings] }))) return;
  const { ended, output } = runNext(['build']);
  if ((await ended) !== 0) throw new Error(`Building examples/next failed:\n${output()}`);
}

/** Starts `examples/next` on a free port; resolves once it answers. */
export async function startNext(): Promise<{ origin: string; close(): Promise<void> }> {
  await buildNext();
  const port = await findFreePort();
  const { child, ended, output } = runNext(['start', '-H', '127.0.0.1', '-p', String(port)]);
  const origin = `http://127.0.0.1:${port}`;
  let hasEnded = false;
  ended.then(() => {
    hasEnded = true;
  });
  for (;;) {
    if (hasEnded) throw new Error(`examples/next has ended:\n${output()}`);
    const answer = await fetch(`${origin}/api/node/report`).catch(() => undefined);
    await answer?.text();
    if (answer) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    origin,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
