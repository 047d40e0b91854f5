// `npm run demo`: builds what is out of date, starts the demo on PORT (default 3000) and, without
// OPENAI_API_KEY, a local endpoint that stands in for OpenAI. Tasks are kept in Redis when REDIS_URL
// is set. `npm run demo -- --instances 2` runs two servers behind one address, which share a Redis.
import { parseArgs } from 'node:util';
import { buildIfOutdated, demoBuild, packageBuild } from './build.mjs';
import { DemoError } from './demo-error.mjs';
import { findModel } from './find-model.mjs';
import { findPort } from './find-port.mjs';
import { findStorage } from './find-storage.mjs';
import { host } from './places.mjs';
import { printFacts, runWithParts } from './run-with-parts.mjs';
import { serve } from './serve.mjs';

await runWithParts(main);

async function main(parts) {
  const count = readInstanceCount();
  const port = await findPort(process.env.PORT || '3000', host);
  const storage = await findStorage({ count });
  if (storage.stop) parts.add(storage.stop);
  await buildIfOutdated(parts, [packageBuild, demoBuild]);
  const model = await findModel(parts);
  const env = { ...storage.env, ...model.env };
  const { ended, servers } = await serve(parts, { port, env, count });

  printFacts([
    ['Open', `http://localhost:${port}`],
    ['Model', model.description],
    ['Tasks', storage.description],
    ...servers.map((server, index) => [index === 0 ? 'Servers' : '', server]),
    ['Stop', 'Ctrl+C'],
  ]);
  await ended;
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
