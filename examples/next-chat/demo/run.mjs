// `npm run demo`: builds what is out of date, starts the demo on PORT (default 3000) and, without
// OPENAI_API_KEY, a local endpoint that stands in for OpenAI. Tasks are kept in Redis when REDIS_URL
// is set. `npm run demo -- --instances 2` runs two servers behind one address, which share a Redis.
import { parseArgs } from 'node:util';
import { startLocalOpenAI } from '../local-openai.mjs';
import { buildIfOutdated } from './build.mjs';
import { DemoError } from './demo-error.mjs';
import { findPort } from './find-port.mjs';
import { findStorage } from './find-storage.mjs';
import { createParts } from './parts.mjs';
import { host } from './places.mjs';
import { serve } from './serve.mjs';

const parts = createParts();

process.once('SIGINT', () => stop(0));
process.once('SIGTERM', () => stop(0));
if (process.env.npm_lifecycle_event) {
  // npm passes SIGTERM on to its shell, and some shells end without passing it on to this process.
  const { ppid } = process;
  setInterval(() => process.ppid === ppid || stop(0), 500).unref();
}

try {
  await main();
} catch (error) {
  if (!parts.isStopping) {
    console.error(error instanceof DemoError ? error.message : error);
    await stop(1);
  }
}

async function main() {
  const count = readInstanceCount();
  const port = await findPort(process.env.PORT || '3000', host);
  const storage = await findStorage({ count });
  if (storage.stop) parts.add(storage.stop);
  await buildIfOutdated(parts);
  const model = await findModel();
  const env = { ...storage.env, ...model.env };
  const { ended, servers } = await serve(parts, { port, env, count });

  const facts = [
    ['Open', `http://localhost:${port}`],
    ['Model', model.description],
    ['Tasks', storage.description],
    ...servers.map((server, index) => [index === 0 ? 'Servers' : '', server]),
    ['Stop', 'Ctrl+C'],
  ];
  const lines = facts.map(([label, text]) => `  ${label.padEnd(7)}  ${text}`);
  console.log(`\n  The demo is ready.\n\n${lines.join('\n')}\n`);
  await ended;
}

/** The model that writes: OpenAI's, or without a key the local endpoint that stands in for it. */
async function findModel() {
  if (process.env.OPENAI_API_KEY) {
    return { env: {}, description: `OpenAI, ${process.env.OPENAI_MODEL || 'the default model'}` };
  }
  const { baseURL, close } = await startLocalOpenAI({ wordsPerSecond: readWordsPerSecond() });
  parts.add(close);
  return {
    env: { OPENAI_API_KEY: 'local', OPENAI_BASE_URL: baseURL, OPENAI_MODEL: 'local-writer' },
    description: `local stand-in at ${baseURL} (set OPENAI_API_KEY to use OpenAI)`,
  };
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
    // An unknown option, or one without its value.
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

async function stop(code) {
  if (await parts.stop()) process.exit(code);
}
