import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './find-free-port.mjs';
import { killWithThisProcess } from './kill-with-this-process.mjs';

/** A port that was free a moment ago can be taken by now. */
const attempts = 5;

/**
 * Starts a private Redis server, which listens on this machine only and keeps nothing, and waits
 * until it answers. It does not outlive this process.
 *
 * @throws when the server ends before that; the message holds what it said.
 */
export async function startRedisServer(options) {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await findFreePort());
    try {
      return await tryToStart({ ...options, port });
    } catch (error) {
      const isTaken = /Address already in use/i.test(error.message);
      if (options.port || !isTaken || attempt === attempts) throw error;
    }
  }
}

async function tryToStart({ command, port, directory, args = [] }) {
  const isOwn = directory === undefined;
  const used = directory ?? (await mkdtemp(join(tmpdir(), 'ai-task-stream-redis-')));
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', used];
  const child = spawn(command, [...place, '--save', '', '--appendonly', 'no', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl+C is for this process, which then stops its parts in order.
    detached: true,
  });
  const guard = child.pid && killWithThisProcess(child.pid, { directory: used });
  let output = '';
  let hasEnded = false;

  const ended = new Promise((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve();
    });
    child.once('close', resolve);
  }).then(async () => {
    hasEnded = true;
    if (guard) guard.release();
    if (isOwn) await rm(used, { recursive: true, force: true });
  });
  const ready = new Promise((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (data) => {
      if (output.length < 10_000) output += data;
      // Asking the port could find another server there, and one of ours that is still loading.
      if (/ready to accept connections/i.test(output)) resolve();
    });
    child.stderr.setEncoding('utf8').on('data', (data) => {
      if (output.length < 10_000) output += data;
    });
  });

  await Promise.race([ready, ended]);
  if (hasEnded) throw new Error(`${command} ended before it was ready:\n${output}`);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    ended,
    /** Not while it has ended: its pid may be somebody else's by then. */
    signal(name) {
      if (!hasEnded) child.kill(name);
    },
    async stop() {
      if (!hasEnded) child.kill('SIGKILL');
      await ended;
    },
  };
}
