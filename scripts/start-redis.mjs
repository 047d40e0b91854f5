// @ts-check
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './find-free-port.mjs';
import { killWithThisProcess } from './kill-with-this-process.mjs';

/**
 * @typedef {object} RedisServerOptions
 * @property {string} command Path of redis-server or valkey-server.
 * @property {number} [port] Default: a free port.
 * @property {string} [directory] Where the server keeps its files; removed if this process dies
 *   before the server. Default: a temporary folder, which is removed with the server.
 * @property {readonly string[]} [args] More arguments, such as `['--maxmemory', '10mb']`.
 */

/**
 * A Redis server that belongs to this process.
 *
 * @typedef {object} RedisServerProcess
 * @property {string} url
 * @property {number} port
 * @property {number} pid
 * @property {Promise<void>} ended Resolves once the server is gone, and a temporary folder with it.
 * @property {(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL') => void} signal Sends a signal.
 *   Does nothing once the server has ended, because another process may have its pid by then.
 * @property {() => Promise<void>} stop Kills the server and waits until it is gone. Idempotent.
 */

/** How often a start is tried: a port that was free a moment ago can be taken by now. */
const attempts = 5;

/**
 * Starts a private Redis server, which listens on this machine only and keeps nothing, and waits
 * until it answers. The server does not outlive this process.
 *
 * @param {RedisServerOptions} options
 * @returns {Promise<RedisServerProcess>}
 * @throws when the server ends before it answers; the message holds what it has printed.
 */
export async function startRedisServer(options) {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await findFreePort());
    try {
      return await tryToStart({ ...options, port });
    } catch (error) {
      const isTaken = /Address already in use/i.test(String(error));
      if (options.port || !isTaken || attempt === attempts) throw error;
    }
  }
}

/**
 * @param {RedisServerOptions & { port: number }} options
 * @returns {Promise<RedisServerProcess>}
 */
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

  /** @type {Promise<void>} */
  const closed = new Promise((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve();
    });
    child.once('close', () => resolve());
  });
  const ended = closed.then(async () => {
    hasEnded = true;
    if (guard) guard.release();
    if (isOwn) await rm(used, { recursive: true, force: true });
  });
  /** @type {Promise<void>} */
  const ready = new Promise((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (data) => {
      if (output.length < 10_000) output += data;
      // The port is not asked: another server could answer there, or this one while it still loads.
      if (/ready to accept connections/i.test(output)) resolve();
    });
    child.stderr.setEncoding('utf8').on('data', (data) => {
      if (output.length < 10_000) output += data;
    });
  });

  await Promise.race([ready, ended]);
  const { pid } = child;
  if (hasEnded || pid === undefined)
    throw new Error(`${command} ended before it was ready:\n${output}`);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid,
    ended,
    signal(name) {
      if (!hasEnded) child.kill(name);
    },
    async stop() {
      if (!hasEnded) child.kill('SIGKILL');
      await ended;
    },
  };
}
