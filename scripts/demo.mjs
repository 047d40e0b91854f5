// `npm run demo`: builds what is out of date, starts the demo on PORT (default 3000) and, without
// OPENAI_API_KEY, a local endpoint that stands in for OpenAI. Tasks are kept in Redis when REDIS_URL
// is set. `npm run demo -- --instances 2` runs two servers behind one address, which share a Redis.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startLocalOpenAI } from '../examples/next-chat/local-openai.mjs';
import { DemoError } from './demo-error.mjs';
import { findPort } from './demo-port.mjs';
import { startDemoProxy } from './demo-proxy.mjs';
import { findStorage } from './demo-storage.mjs';
import { findFreePort } from './find-free-port.mjs';
import { isOutdated } from './is-outdated.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const app = join(root, 'examples', 'next-chat');
const tsup = join(root, 'node_modules', 'tsup', 'dist', 'cli-default.js');
const next = join(root, 'node_modules', 'next', 'dist', 'bin', 'next');
/** This machine only: the page would let everybody in the network spend the API key. */
const host = '127.0.0.1';

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
  const count = readInstanceCount();
  const port = await findPort(process.env.PORT || '3000', host);
  const storage = await findStorage({ count });
  if (storage.stop) stops.unshift(storage.stop);

  const entries = ['index', 'server', 'redis', 'ui', 'react'];
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
  const env = { ...storage.env };
  if (!process.env.OPENAI_API_KEY) {
    const endpoint = await startLocalOpenAI({ wordsPerSecond: readWordsPerSecond() });
    stops.unshift(endpoint.close);
    env.OPENAI_API_KEY = 'local';
    env.OPENAI_BASE_URL = endpoint.baseURL;
    env.OPENAI_MODEL = 'local-writer';
    model = `local stand-in at ${endpoint.baseURL} (set OPENAI_API_KEY to use OpenAI)`;
  }

  const { ended, servers } = await (count === 1
    ? serveAlone({ port, env })
    : serveTogether({ port, env, count }));

  const facts = [
    ['Open', `http://localhost:${port}`],
    ['Model', model],
    ['Tasks', storage.description],
    ...servers.map((server, index) => [index === 0 ? 'Servers' : '', server]),
    ['Stop', 'Ctrl+C'],
  ];
  const lines = facts.map(([label, text]) => `  ${label.padEnd(7)}  ${text}`);
  console.log(`\n  The demo is ready.\n\n${lines.join('\n')}\n`);
  await ended;
}

/** One server, at the address that is printed. */
async function serveAlone({ port, env }) {
  const server = startServer({ port, env });
  const ended = server.ended.then(({ code }) => {
    throw new DemoError(`The demo's server ended by itself, with code ${code}.`);
  });
  await Promise.race([answers(`http://${host}:${port}/`), ended]);
  return { ended, servers: [] };
}

/** Several servers at private ports, with a proxy at the address that is printed. */
async function serveTogether({ port, env, count }) {
  const instances = [];
  for (let number = 1; number <= count; number++) {
    const name = String(number);
    const privatePort = await findFreePort();
    const server = startServer({ port: privatePort, env: { ...env, DEMO_INSTANCE: name } });
    instances.push({ name, port: privatePort, hasEnded: false, ...server });
  }
  const endings = instances.map(async (instance) => {
    const { code } = await instance.ended;
    instance.hasEnded = true;
    if (isStopping) return;
    console.log(
      `  Instance ${instance.name} ended (${code}). What it ran is closed as lost; the others go on.`,
    );
  });
  const ended = Promise.all(endings).then(() => {
    throw new DemoError('All instances of the demo have ended by themselves.');
  });
  const ready = instances.map((instance) =>
    Promise.race([answers(`http://${host}:${instance.port}/`), instance.ended]),
  );
  await Promise.race([Promise.all(ready), ended]);
  const proxy = await startDemoProxy({ instances, port, host });
  stops.unshift(proxy.close);
  return {
    ended,
    servers: instances.map(({ name, pid }) => `instance ${name}, process ${pid}`),
  };
}

function startServer({ port, env }) {
  const serve = [next, 'start', '-H', host, '-p', String(port)];
  return startNode(serve, { cwd: app, env, serves: true });
}

function readInstanceCount() {
  const { instances = '1' } = parseOptions();
  const count = Number(instances);
  if (Number.isInteger(count) && count >= 1 && count <= 9) return count;
  throw new DemoError(`--instances is "${instances}", but has to be a number from 1 to 9.`);
}

function parseOptions() {
  try {
    return parseArgs({ options: { instances: { type: 'string' } } }).values;
  } catch {
    // An option that there is not, or one without its value.
    throw new DemoError('The demo has one option: npm run demo -- --instances 2');
  }
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
  if (!(await isOutdated({ cwd, outputs, sources }))) return;
  console.log(`Building ${name} …`);
  const { code, output } = await startNode(args, { cwd }).ended;
  if (isStopping) throw new DemoError('Stopped.');
  if (code !== 0) throw new DemoError(`${output}\nBuilding ${name} failed.`);
}

/** Runs a Node process, which ends with the demo. `ended` resolves with its code and output. */
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
  return { pid: child.pid, ended };
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
