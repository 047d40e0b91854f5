// Measures workers on a queue beside BullMQ alone, with `updateProgress` and `QueueEvents`: four worker
// processes each, in turns within one run, on one Redis. Prints Markdown.
// Usage: npm run bench:workers [-- --rounds 5 --tasks 400 --updates 9000 --kills 3 --rows tasks,kills]
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { createClient } from 'redis';
import { requireProgram } from '../scripts/find-program.mjs';
import { startRedisServer } from '../scripts/start-redis.mjs';
import { median, medianRatio, percentile } from './redis/statistics.mjs';
import { formatCount, formatMs, printTable } from './redis/table.mjs';
import { contenders } from './workers/contenders.mjs';
import { startPool } from './workers/start-pool.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    tasks: { type: 'string', default: '400' },
    updates: { type: 'string', default: '9000' },
    kills: { type: 'string', default: '3' },
    rows: { type: 'string', default: 'tasks,starts,updates,kills' },
  },
});
const rounds = Number(values.rounds);
const taskCount = Number(values.tasks);
const updateCount = Number(values.updates);
const kills = Number(values.kills);
/** Starts per round whose delay is measured. */
const startCount = 20;
const workerCount = 4;
const concurrency = 10;

const [ours, theirs] = Object.keys(contenders);

const redis = await startRedisServer({ command: requireProgram('redis') });
const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url)))
    .version;

/** A pool of each contender. */
async function startPools(pace) {
  const options = { url: redis.url, count: workerCount, concurrency, pace };
  const pools = {};
  for (const name of Object.keys(contenders)) pools[name] = await startPool(name, options);
  return pools;
}

async function stopPools(pools) {
  for (const pool of Object.values(pools)) await pool.stop();
}

/** Measures each contender once per round, in turns. The first round is for warming up. */
async function inTurns(measurements, count) {
  const results = Object.fromEntries(Object.keys(measurements).map((name) => [name, []]));
  for (let round = -1; round < count; round++) {
    for (const [name, measure] of Object.entries(measurements)) {
      const result = await measure();
      if (round >= 0) results[name].push(result);
    }
  }
  return results;
}

/** Starts many tasks that do nothing; how many per second are known to be over. */
async function tasksPerSecond({ run }) {
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: taskCount }, () => run({ kind: 'nothing' })));
  return (taskCount * 1_000) / (performance.now() - startedAt);
}

/** From the start of a task until somebody who watches has its first update, in milliseconds. */
async function startDelays({ run }) {
  const delays = [];
  for (let n = 0; n < startCount; n++) {
    const startedAt = performance.now();
    let heardAt;
    await run({ kind: 'updates', count: 1 }, () => {
      heardAt ??= performance.now();
    });
    delays.push(heardAt - startedAt);
  }
  return delays;
}

/** How many updates of one task reach somebody who watches, per second, from its start to the last. */
async function updatesPerSecond({ run }, kind) {
  let heard = 0;
  let lastAt;
  const startedAt = performance.now();
  await run({ kind, count: updateCount }, () => {
    heard++;
    lastAt = performance.now();
  });
  if (heard !== updateCount) throw new Error(`Only ${heard} of ${updateCount} updates came.`);
  return (updateCount * 1_000) / (lastAt - startedAt);
}

/** From the end of a worker until somebody who watches has the first update of the next attempt. */
function waitAfterKill({ run, kill }) {
  return new Promise((resolve, reject) => {
    let updates = 0;
    let killedAt;
    let killed;
    run({ kind: 'endless' }, ({ n, pid }) => {
      updates++;
      if (updates === 5) {
        killed = pid;
        killedAt = performance.now();
        kill(pid).catch(reject);
      }
      if (killed !== undefined && pid !== killed && n === 0) resolve(performance.now() - killedAt);
    }).catch(reject);
  });
}

function printRates(title, unit, results) {
  printTable(
    title,
    Object.entries(results).map(([contender, rates]) => ({
      contender,
      [unit]: formatCount(median(rates)),
      [`× ${theirs}`]: medianRatio(rates, results[theirs]).toFixed(1),
    })),
  );
}

function printDelays(title, results) {
  printTable(
    title,
    Object.entries(results).map(([contender, delays]) => ({
      contender,
      median: formatMs(median(delays)),
      '90 %': formatMs(percentile(delays, 0.9)),
      longest: formatMs(Math.max(...delays)),
    })),
  );
}

const forEach = (pools, measure) =>
  Object.fromEntries(Object.entries(pools).map(([name, pool]) => [name, () => measure(pool)]));

const rows = {
  async tasks(pools) {
    const results = await inTurns(forEach(pools, tasksPerSecond), rounds);
    const title = `${formatCount(taskCount)} tasks that do nothing, from the first start to the last outcome`;
    printRates(title, 'tasks/s', results);
  },

  async starts(pools) {
    const results = await inTurns(forEach(pools, startDelays), rounds);
    const all = Object.entries(results).map(([name, lists]) => [name, lists.flat()]);
    printDelays(
      'From the start of a task to its first update at a reader',
      Object.fromEntries(all),
    );
  },

  async updates(pools) {
    const measurements = {
      [ours]: () => updatesPerSecond(pools[ours], 'updates'),
      [theirs]: () => updatesPerSecond(pools[theirs], 'updates'),
      [`${theirs}, updates not awaited`]: () => updatesPerSecond(pools[theirs], 'unawaitedUpdates'),
    };
    const results = await inTurns(measurements, rounds);
    printRates(`${formatCount(updateCount)} updates of a task`, 'updates/s at a reader', results);
  },
};

async function measureKills(pace, title) {
  const pools = await startPools(pace);
  const waits = Object.fromEntries(Object.keys(pools).map((name) => [name, []]));
  for (let round = 0; round < kills; round++) {
    for (const [name, pool] of Object.entries(pools)) waits[name].push(await waitAfterKill(pool));
  }
  await stopPools(pools);
  printDelays(title, waits);
}

try {
  const admin = await createClient({ url: redis.url }).connect();
  const version = /redis_version:(\S+)/.exec(await admin.info('server'))?.[1];
  admin.destroy();
  console.log(
    `\`npm run bench:workers\`, ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ` +
      `redis-server ${version}, bullmq ${versionOf('bullmq')}, ${cpus().length} cores, ` +
      `load ${loadavg()[0].toFixed(1)} before, ${workerCount} worker processes each, ` +
      `medians of ${rounds} rounds in turns`,
  );
  const wanted = values.rows.split(',');
  const pools = await startPools('default');
  for (const [name, measure] of Object.entries(rows)) {
    if (wanted.includes(name)) await measure(pools);
  }
  await stopPools(pools);
  if (wanted.includes('kills')) {
    const title = `From SIGKILL of a worker to the first update of the next attempt, ${kills} rounds in turns`;
    await measureKills('quick', `${title}: heartbeats of 0.5 s, locks and stalled checks of 1 s`);
    await measureKills('default', `${title}: defaults of both`);
  }
} finally {
  await redis.stop();
}
process.exit();
