// Measures what attempts cost: a checkpoint, in commands of Redis and in bytes, beside the same frame
// without one; and the replay of a log that has ten voids of 1,000 chunks, beside one that has none.
// Usage: npm run bench:attempts [-- --rounds 9 --checkpoints 500 --valueBytes 1000]
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { createMemoryStreamContext } from 'ai-task-stream/server';
import { createClient } from 'redis';
import { requireProgram } from '../scripts/find-program.mjs';
import { startRedisServer } from '../scripts/start-redis.mjs';
import { median, medianRatio } from './redis/statistics.mjs';
import { formatCount, formatMs, printTable } from './redis/table.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    checkpoints: { type: 'string', default: '500' },
    valueBytes: { type: 'string', default: '1000' },
  },
});
const rounds = Number(values.rounds);
const checkpoints = Number(values.checkpoints);
const value = JSON.stringify('x'.repeat(Number(values.valueBytes)));

const attempts = 11;
const voidChunks = 1_000;
const validChunks = 10_000;

function startOf(taskId, index) {
  const snapshot = { taskId, status: 'running', createdAt: 1, updatedAt: 1 };
  return {
    ...{ index, logs: 0, partials: 0, snapshot, nested: [] },
    ...(index >= 0 && { value }),
  };
}

function frameOf(taskId, index) {
  return JSON.stringify({ type: 'data-task-checkpoint', data: { taskId, index }, transient: true });
}

function delta(n) {
  return JSON.stringify({ type: 'text-delta', id: 't', delta: `chunk ${n} ${'x'.repeat(60)}` });
}

function openTask(context, taskId) {
  const start = startOf(taskId, -1);
  const data = start.snapshot;
  return context.open(taskId, {
    ...{ definition: 'bench', leaseMs: 60_000, token: crypto.randomUUID(), start },
    frames: ['{"type":"start"}', JSON.stringify({ type: 'data-task', id: taskId, data })],
    work: {
      ...{ input: '{}', version: 1, runner: 'any' },
      ...{ attempts: 100, maxTotal: 100, maxWaitMs: 60_000 },
    },
  });
}

async function takeTask(context, taskId) {
  const asker = { definition: 'bench', runner: 'any', version: 1, leaseMs: 60_000 };
  const taken = await context.take(taskId, { ...asker, token: crypto.randomUUID() });
  return taken.log;
}

/** Lets the wire and the timers come to rest between two measurements. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 50));

/** What clients have sent and what the server has done since `watch` was called. */
async function watch(admin) {
  const read = async () => {
    const stats = await admin.info('stats');
    const commands = await admin.info('commandstats');
    const calls = [...commands.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)];
    const counted = calls.filter(([, name]) => !/^(info|client|config|ping)/.test(name));
    return {
      bytes: Number(/^total_net_input_bytes:(\d+)/m.exec(stats)[1]),
      commands: counted.reduce((sum, [, , count]) => sum + Number(count), 0),
      scripts: counted
        .filter(([, name]) => /^eval/.test(name))
        .reduce((sum, [, , count]) => sum + Number(count), 0),
    };
  };
  const before = await read();
  return async () => {
    const after = await read();
    return Object.fromEntries(Object.entries(after).map(([name, n]) => [name, n - before[name]]));
  };
}

/** Stores frames one by one, each with a checkpoint or without, and counts what that takes. */
async function countStoring(context, admin, isCheckpoint) {
  const taskId = crypto.randomUUID();
  const log = await openTask(context, taskId);
  await rest();
  const end = await watch(admin);
  for (let index = 0; index < checkpoints; index++) {
    const frame = frameOf(taskId, index);
    if (!isCheckpoint) {
      log.append(frame);
      await log.flushed();
    } else if (!(await log.checkpoint(frame, startOf(taskId, index)))) {
      throw new Error('A checkpoint was not stored.');
    }
  }
  const counted = await end();
  await log.settle(['{"type":"finish"}'], 'completed');
  return counted;
}

async function printPrice(context, admin) {
  await countStoring(context, admin, true);
  const plain = await countStoring(context, admin, false);
  const kept = await countStoring(context, admin, true);
  const row = (what, name, digits) => ({
    [`of ${checkpoints} frames, each`]: what,
    'a plain frame': (plain[name] / checkpoints).toFixed(digits),
    'a checkpoint': (kept[name] / checkpoints).toFixed(digits),
    more: ((kept[name] - plain[name]) / checkpoints).toFixed(digits),
  });
  printTable(`A checkpoint whose value has ${formatCount(value.length)} bytes, in Redis`, [
    row('calls of scripts', 'scripts', 2),
    row('commands, those in scripts included', 'commands', 2),
    row('bytes to Redis', 'bytes', 0),
  ]);
}

/** Writes a log that ends with the same chunks, with voids before them or without. */
async function writeLog(context, hasVoids) {
  const taskId = crypto.randomUUID();
  let log = await openTask(context, taskId);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    for (let n = 0; n < validChunks / attempts; n++) log.append(delta(n));
    await log.checkpoint(frameOf(taskId, attempt - 1), startOf(taskId, attempt - 1));
    if (!hasVoids || attempt === attempts) continue;
    for (let n = 0; n < voidChunks; n++) log.append(delta(`void ${n}`));
    await log.flushed();
    if ((await log.handOver()) !== 'waiting') throw new Error('The task was not handed over.');
    log = await takeTask(context, taskId);
  }
  await log.settle(['{"type":"finish"}'], 'completed');
  return taskId;
}

/** Reads a whole log, and gives how many milliseconds and frames that took. */
async function readLog(context, taskId) {
  const beganAt = performance.now();
  const reader = await context.read(taskId);
  let frames = 0;
  for await (const { start, end } of reader) frames += end - start;
  reader.close();
  return { ms: performance.now() - beganAt, frames };
}

async function measureReplay(name, writing, reading) {
  const plain = await writeLog(writing, false);
  const voided = await writeLog(writing, true);
  const times = { plain: [], voided: [] };
  const counts = {};
  for (let round = -2; round < rounds; round++) {
    for (const [kind, taskId] of Object.entries({ plain, voided })) {
      const { ms, frames } = await readLog(reading, taskId);
      counts[kind] = frames;
      if (round >= 0) times[kind].push(ms);
    }
  }
  return {
    replay: name,
    'without voids': formatMs(median(times.plain)),
    frames: formatCount(counts.plain),
    'with ten voids': formatMs(median(times.voided)),
    'frames sent': formatCount(counts.voided),
    ratio: medianRatio(times.voided, times.plain).toFixed(2),
  };
}

const redis = await startRedisServer({ command: requireProgram('redis') });
const admin = await createClient({ url: redis.url }).connect();
const open = () => createRedisStreamContext({ client: createClient({ url: redis.url }) });
const [writing, reading] = [open(), open()];
const memory = createMemoryStreamContext({ scope: 'bench' });
try {
  console.log(
    [
      new Date().toISOString().slice(0, 10),
      `Node ${process.version}`,
      `${cpus().length} cores (${cpus()[0].model.trim()})`,
      `load ${loadavg()[0].toFixed(1)} before`,
      `medians of ${rounds} rounds in turns`,
    ].join(', '),
  );
  await printPrice(writing, admin);
  const title = `Replay of ${formatCount(validChunks)} chunks, ten voids of ${formatCount(voidChunks)} among them or none`;
  printTable(title, [
    await measureReplay('memory', memory, memory),
    await measureReplay('Redis, another process’ log', writing, reading),
  ]);
} finally {
  await Promise.all([writing.close(), reading.close(), memory.close()]);
  admin.destroy();
  await redis.stop();
}
