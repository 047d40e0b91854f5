// Measures what a supervisor costs that looks after many open tasks which run well, and what the index
// of open tasks takes: calls of Redis per second, processor time, and bytes per task.
// Usage: npm run bench:supervisor [-- --tasks 10000 --seconds 20]
import { cpus, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { defineTask, superviseTasks } from 'ai-task-stream/server';
import { createClient } from 'redis';
import { requireProgram } from '../scripts/find-program.mjs';
import { startRedisServer } from '../scripts/start-redis.mjs';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '20' },
  },
});
const count = Number(values.tasks);
const seconds = Number(values.seconds);
/** The default of supervisors: a task is looked at once in two of them. */
const heartbeatMs = 5_000;

const redis = await startRedisServer({ command: requireProgram('redis') });
const admin = await createClient({ url: redis.url }).connect();
const producing = createRedisStreamContext({ url: redis.url });
const supervising = createRedisStreamContext({ url: redis.url });

/** Opens a task as one that runs, whose process gives no other sign of life within the measurement. */
async function open(taskId) {
  const snapshot = { taskId, status: 'running', createdAt: 1, updatedAt: 1 };
  await producing.open(taskId, {
    ...{ definition: 'bench', leaseMs: 3_600_000, token: crypto.randomUUID() },
    frames: ['{"type":"start"}', JSON.stringify({ type: 'data-task', id: taskId, data: snapshot })],
    start: { index: -1, logs: 0, partials: 0, snapshot, nested: [] },
    work: {
      ...{ input: '{}', version: 1, runner: 'any' },
      ...{ attempts: 3, maxTotal: 100, maxWaitMs: 60_000 },
    },
  });
}

async function indexKeys() {
  const keys = [];
  for await (const found of admin.scanIterator({ MATCH: '*:{open-*' })) keys.push(...found);
  return keys;
}

/** Makes the tasks due one after the other, as they are once they have been looked at for a while. */
async function spread(keys) {
  const now = Date.now();
  for (const key of keys) {
    const entries = await admin.zRange(key, 0, -1);
    const members = entries.map((value, index) => ({
      value,
      score: Math.floor(now + (2 * heartbeatMs * index) / entries.length),
    }));
    if (members.length > 0) await admin.zAdd(key, members);
  }
}

/** The calls of clients since the server's statistics were set back. */
async function calls() {
  const stats = await admin.info('commandstats');
  const counted = stats.matchAll(/^cmdstat_(eval|evalsha):calls=(\d+)/gm);
  return [...counted].reduce((sum, [, , made]) => sum + Number(made), 0);
}

const taskIds = Array.from({ length: count }, () => crypto.randomUUID());
for (let first = 0; first < count; first += 500) {
  await Promise.all(taskIds.slice(first, first + 500).map(open));
}
const keys = await indexKeys();
let indexBytes = 0;
for (const key of keys) indexBytes += (await admin.memoryUsage(key, { SAMPLES: 0 })) ?? 0;
await spread(keys);

const bench = defineTask({ name: 'bench', retry: {}, execute() {} });
const supervisor = superviseTasks({ streamContext: supervising, tasks: [bench], heartbeatMs });
// The first looks find what was due before.
await delay(2 * heartbeatMs);
await admin.configResetStat();
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
await delay(seconds * 1_000);
const lastedMs = performance.now() - startedAt;
const { user, system } = process.cpuUsage(cpuBefore);
const perSecond = ((await calls()) * 1_000) / lastedMs;

console.log(`${count} open tasks that run, one supervisor with heartbeats of ${heartbeatMs} ms`);
console.log(`calls of Redis: ${perSecond.toFixed(0)} per second`);
console.log(
  `calls per task and look: ${((perSecond * 2 * heartbeatMs) / 1_000 / count).toFixed(2)}`,
);
console.log(`processor time of its process: ${((user + system) / 10 / lastedMs).toFixed(1)} %`);
console.log(`the index: ${(indexBytes / count).toFixed(0)} bytes per task, in ${keys.length} keys`);
console.log(`Node ${process.version}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`);

await supervisor.stop();
await Promise.all([supervising.close(), producing.close()]);
admin.destroy();
await redis.stop();
process.exit();
