// `npm run demo`: builds what is out of date, starts the demo on PORT (default 3000) and, without
// OPENAI_API_KEY, a local endpoint that stands in for OpenAI.
import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLocalOpenAI } from '../examples/next-chat/local-openai.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const app = join(root, 'examples', 'next-chat');
const tsup = join(root, 'node_modules', 'tsup', 'dist', 'cli-default.js');
const next = join(root, 'node_modules', 'next', 'dist', 'bin', 'next');
/** This machine only: the page would let everybody in the network spend the API key. */
const host = '127.0.0.1';

/** Said in one sentence, without a stack. */
class DemoError extends Error {}

/** What stops the parts that run, newest first. */
const stops = [];
let isStopping = false;

process.once('SIGINT', () => stop(0));
process.once('SIGTERM', () => stop(0));
if (process.env.npm_lifecycle_event) {
  // npm passes SIGTERM on to its shell, and some shells end without passing it on to us.
  const { ppid } = process;
  setInterval(() => process.ppid === ppid || stop(0), 500).unref();
}

try {
  await main();
} catch (error) {
  if (!isStopping) {
    console.error(error instanceof DemoError ? error.message : error);
    await stop(1);
  }
}

async function main() {
  const port = await findPort(process.env.PORT || '3000');

  const entries = ['index', 'server', 'ui', 'react'];
  await buildIfOutdated('the package', [tsup], {
    cwd: root,
    outputs: entries.flatMap((entry) => [`dist/${entry}.js`, `dist/${entry}.d.ts`]),
    sources: ['src', 'tsup.config.ts', 'tsconfig.base.json', 'tsconfig.json', 'package.json'],
  });
  await buildIfOutdated('the demo', [next, 'build'], {
    cwd: app,
    outputs: ['.next/BUILD_ID'],
    sources: [
      'app',
      'components',
      'lib',
      'next.config.mjs',
      'package.json',
      'tsconfig.json',
      '../../dist',
      '../../package-lock.json',
    ],
  });

  let model = `OpenAI, ${process.env.OPENAI_MODEL || 'the default model'}`;
  const env = {};
  if (!process.env.OPENAI_API_KEY) {
    const endpoint = await startLocalOpenAI({ wordsPerSecond: readWordsPerSecond() });
    stops.unshift(endpoint.close);
    env.OPENAI_API_KEY = 'local';
    env.OPENAI_BASE_URL = endpoint.baseURL;
    env.OPENAI_MODEL = 'local-writer';
    model = `local stand-in at ${endpoint.baseURL} (set OPENAI_API_KEY to use OpenAI)`;
  }

  const serve = [next, 'start', '-H', host, '-p', String(port)];
  const ended = startNode(serve, { cwd: app, env, serves: true }).then(({ code }) => {
    throw new DemoError(`The demo's server ended by itself, with code ${code}.`);
  });
  await Promise.race([answers(`http://${host}:${port}/`), ended]);

  console.log(`
  The demo is ready.

  Open   http://localhost:${port}
  Model  ${model}
  Stop   Ctrl+C
`);
  await ended;
}

/** A port that nothing listens on; 0 means any. */
async function findPort(text) {
  const wanted = Number(text);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) {
    throw new DemoError(`PORT is "${text}", but has to be a number from 0 to 65535.`);
  }
  const port = await tryPort(wanted, host);
  // A browser may take `localhost` for either address.
  const isFree = port !== undefined && (await tryPort(port, '::1')) !== undefined;
  if (isFree) return port;
  throw new DemoError(
    `Port ${wanted} is in use: stop what listens there, or choose another with PORT=${wanted + 1} npm run demo.`,
  );
}

/** Listens for a moment; gives the port, or `undefined` when it is taken. */
function tryPort(port, address) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      // There is no IPv6 here, so nothing can listen on it.
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve(port);
      else if (error.code === 'EACCES') {
        reject(new DemoError(`Port ${port} may not be used by you: choose one above 1023.`));
      } else reject(error);
    });
    probe.listen(port, address, () => {
      const { port: actual } = probe.address();
      probe.close(() => resolve(actual));
    });
  });
}

function readWordsPerSecond() {
  const text = process.env.DEMO_WORDS_PER_SECOND;
  if (!text) return undefined;
  const wordsPerSecond = Number(text);
  if (wordsPerSecond > 0) return wordsPerSecond;
  throw new DemoError(`DEMO_WORDS_PER_SECOND is "${text}", but has to be a number above 0.`);
}

/** Runs a build unless its outputs are there and newer than its sources. */
async function buildIfOutdated(name, args, { cwd, outputs, sources }) {
  const outputTimes = await Promise.all(outputs.map((path) => modifiedAt(join(cwd, path))));
  const sourceTimes = await Promise.all(sources.map((path) => newestIn(join(cwd, path))));
  if (Math.min(...outputTimes) >= Math.max(...sourceTimes)) return;
  console.log(`Building ${name} …`);
  const { code, output } = await startNode(args, { cwd });
  if (isStopping) throw new DemoError('Stopped.');
  if (code !== 0) throw new DemoError(`${output}\nBuilding ${name} failed.`);
}

/** Time of the last change in milliseconds; 0 when there is no such file. */
async function modifiedAt(path) {
  const stats = await stat(path).catch(() => undefined);
  return stats?.mtimeMs ?? 0;
}

/** The same of a folder and all that is in it; a folder changes when a file is removed. */
async function newestIn(path) {
  const stats = await stat(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  const names = await readdir(path);
  const times = await Promise.all(names.map((name) => newestIn(join(path, name))));
  return Math.max(stats.mtimeMs, ...times);
}

/** Runs a Node process, which ends with the demo. Resolves with its code and output. */
function startNode(args, { cwd, env = {}, serves = false }) {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // What it says is of interest only if it fails; what it complains about while it serves, at once.
  let output = '';
  child.stdout.on('data', (data) => {
    if (!serves) output += data;
  });
  child.stderr.on('data', (data) => {
    if (serves) process.stderr.write(data);
    else output += data;
  });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
  stops.unshift(async () => {
    child.kill('SIGTERM');
    const impatient = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(impatient);
  });
  return ended;
}

/** Resolves when the address answers with a page. */
async function answers(url) {
  while (!isStopping) {
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function stop(code) {
  if (isStopping) return;
  isStopping = true;
  for (const stopPart of stops) await stopPart();
  process.exit(code);
}
