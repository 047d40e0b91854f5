// Measures what Redis must be sized for: what tasks, chunks and readers make it do, in calls, commands
// and bytes on the wire, and what it holds of each, in bytes of memory. These are counts, not times, so
// that another machine gives the same but for its processor.
// Usage: npm run bench:sizing [-- --chunks 2000]
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createTaskQueue } from 'ai-task-stream/bullmq';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { defineTask } from 'ai-task-stream/server';
import { createClient } from 'redis';
import { requireProgram } from '../scripts/find-program.mjs';
import { startRedisServer } from '../scripts/start-redis.mjs';
import { formatCount, printTable } from './redis/table.mjs';
import { createServerCounts } from './sizing/server-counts.mjs';
import { followTask, openTask, settleTask, textChunk } from './sizing/tasks.mjs';

const { values } = parseArgs({ options: { chunks: { type: 'string', default: '2000' } } });
const chunkCount = Number(values.chunks);

const redis = await startRedisServer({ command: requireProgram('redis') });
const admin = await createClient({ url: redis.url }).connect();
const counts = createServerCounts(admin);
/** To Redis, a context is a process: two connections, and one subscription for each task. */
const contexts = Array.from({ length: 11 }, () => createRedisStreamContext({ url: redis.url }));
const [producing, ...reading] = contexts;

/** Lets the wire and the timers come to rest. */
const rest = () => sleep(100);

async function until(isSo) {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** Follows a task by so many readers in each of so many processes. */
async function follow(taskId, { processes, readers }) {
  const wanted = reading.slice(0, processes).flatMap((context) => Array(readers).fill(context));
  const followers = await Promise.all(wanted.map((context) => followTask(context, taskId)));
  await rest();
  return followers;
}

/** Writes chunks into a log, so many in a turn, and waits for each turn to be stored. */
async function write(log, chunks, { chunkBytes = 100, turn = 250 } = {}) {
  for (let n = 0; n < chunks; n++) {
    log.append(textChunk(n, chunkBytes));
    if ((n + 1) % turn === 0) await log.flushed();
  }
  await log.flushed();
}

/** What a chunk makes the server do, each stored before the next one comes, or many at once. */
async function measureChunks(pace, crowd) {
  const { taskId, log } = await openTask(producing);
  const followers = await follow(taskId, crowd);
  let sent = 2;
  const turn = pace === 'alone' ? 1 : 250;
  const counted = await counts.during(async () => {
    for (let n = 0; n < chunkCount; n += turn) {
      for (let index = 0; index < turn; index++) log.append(textChunk(n + index));
      sent += turn;
      await log.flushed();
      await until(() => followers.every(({ count }) => count === sent));
    }
  }, chunkCount);
  await settleTask(taskId, log);
  await Promise.all(followers.map(({ ended }) => ended));
  return counted;
}

const traffic = (what, { calls, commands, bytesIn, bytesOut }) => ({
  what,
  calls: calls.toFixed(2),
  commands: commands.toFixed(1),
  'bytes to Redis': formatCount(bytesIn),
  'bytes from Redis': formatCount(bytesOut),
});

/** Only where the server is busy: what it does by itself would count as well. */
const withProcessor = (what, counted) => ({
  ...traffic(what, counted),
  'µs of its processor': formatCount(counted.cpuMs * 1_000),
});

const crowds = [
  ['nobody follows', { processes: 0, readers: 0 }],
  ['1 reader elsewhere', { processes: 1, readers: 1 }],
  ['100 readers in one process', { processes: 1, readers: 100 }],
  ['100 readers in 10 processes', { processes: 10, readers: 10 }],
];

async function printTraffic() {
  await measureChunks('alone', crowds[0][1]);
  const rows = [];
  for (const [name, crowd] of crowds) {
    rows.push(withProcessor(`alone, ${name}`, await measureChunks('alone', crowd)));
  }
  for (const [name, crowd] of crowds) {
    rows.push(withProcessor(`250 at once, ${name}`, await measureChunks('together', crowd)));
  }
  printTable('A chunk of 100 bytes', rows);
}

/** What it takes to open a task and to settle it, with nothing between. */
async function measureLife(hasRetry) {
  const count = 200;
  return counts.during(async () => {
    for (let n = 0; n < count; n++) {
      const { taskId, log } = await openTask(producing, { hasRetry });
      await settleTask(taskId, log);
      await log.release({ isSaved: true });
    }
    await rest();
  }, count);
}

async function measureReplay(chunks) {
  const { taskId, log } = await openTask(producing);
  await write(log, chunks);
  await settleTask(taskId, log);
  return counts.during(async () => {
    const { ended } = await followTask(reading[0], taskId);
    await ended;
    await rest();
  });
}

/** What a silent task costs in a heartbeat. */
async function measureSilence({ isWaiting = false, ...crowd }) {
  const heartbeatMs = 250;
  const beats = 24;
  const { taskId, log } = await openTask(producing, { leaseMs: 2 * heartbeatMs });
  if (isWaiting) await log.handOver();
  const followers = await follow(taskId, crowd);
  const startedAt = performance.now();
  const counted = await counts.during(() => sleep(beats * heartbeatMs));
  const beaten = (performance.now() - startedAt) / heartbeatMs;
  if (isWaiting) await producing.cancel(taskId);
  else await settleTask(taskId, log);
  await Promise.all(followers.map(({ ended }) => ended));
  return Object.fromEntries(Object.entries(counted).map(([name, value]) => [name, value / beaten]));
}

const queuedTask = defineTask({ name: 'queued', retry: {}, execute() {} });
const queue = createTaskQueue({
  ...{ streamContext: producing, tasks: [queuedTask], name: 'sizing' },
  connection: { url: redis.url },
});
const queuedInput = 'x'.repeat(998);

/** What it takes to have a worker run a task that does nothing. */
async function measureQueued() {
  const count = 200;
  const worker = queue.work({ concurrency: 1 });
  const run = () => queue.start(queuedTask, queuedInput).result;
  await run();
  const counted = await counts.during(async () => {
    for (let n = 0; n < count; n++) await run();
    await rest();
  }, count);
  await worker.close();
  return counted;
}

async function printTasks() {
  printTable('A task', [
    withProcessor('run by a worker of a queue, an input of 1,000 bytes', await measureQueued()),
    withProcessor('opened and settled, without `retry`', await measureLife(false)),
    withProcessor(
      'opened and settled, with `retry` and an input of 1,000 bytes',
      await measureLife(true),
    ),
    traffic('replay of 1,000 chunks', await measureReplay(1_000)),
    traffic('replay of 10,000 chunks', await measureReplay(10_000)),
    traffic('a heartbeat of a silent task', await measureSilence({ processes: 0, readers: 0 })),
    traffic(
      'the same, 100 readers in 10 processes',
      await measureSilence({ processes: 10, readers: 10 }),
    ),
    traffic(
      'a heartbeat of a waiting task, nobody follows',
      await measureSilence({ isWaiting: true, processes: 0, readers: 0 }),
    ),
    traffic(
      'the same, 100 readers in 10 processes',
      await measureSilence({ isWaiting: true, processes: 10, readers: 10 }),
    ),
  ]);
}

/**
 * The bytes that a task takes, while it runs and once it is over: what the server holds more of with
 * many of them, so that the index of open tasks and its own overhead for keys are part of it.
 */
async function measureMemory({ tasks, chunks, hasRetry = true, ...pace }) {
  await admin.flushAll();
  const before = await counts.usedMemory();
  const opened = [];
  for (let n = 0; n < tasks; n++) {
    const task = await openTask(producing, { hasRetry });
    await write(task.log, chunks, pace);
    opened.push(task);
  }
  const running = (await counts.usedMemory()) - before;
  for (const { taskId, log } of opened) {
    await settleTask(taskId, log);
    await log.release({ isSaved: true });
  }
  await rest();
  const over = (await counts.usedMemory()) - before;
  return { running: running / tasks, over: over / tasks };
}

/** The bytes of a task for which there is no worker, its job in the queue included. */
async function measureWaiting() {
  const count = 500;
  await admin.flushAll();
  const before = await counts.usedMemory();
  const tasks = [];
  for (let n = 0; n < count; n++) {
    const task = queue.start(queuedTask, queuedInput);
    await (await task.toResponse()).body.cancel();
    tasks.push(task);
  }
  await rest();
  const waiting = ((await counts.usedMemory()) - before) / count;
  await Promise.all(tasks.map((task) => task.cancel()));
  return { running: waiting, over: Number.NaN };
}

async function printMemory() {
  const bare = await measureMemory({ tasks: 2_000, chunks: 0 });
  const row = (what, { running, over }, chunks) => ({
    task: what,
    'bytes, running': formatCount(running),
    'bytes, over': Number.isNaN(over) ? '' : formatCount(over),
    'bytes per chunk': chunks ? formatCount((running - bare.running) / chunks) : '',
  });
  const withChunks = async (what, options) =>
    row(what, await measureMemory(options), options.chunks);
  const printed = [
    row(
      'without `retry`, no chunks',
      await measureMemory({ tasks: 2_000, chunks: 0, hasRetry: false }),
    ),
    row('with `retry`, an input of 1,000 bytes, no chunks', bare),
    row('the same, waiting in a queue, its job included', await measureWaiting()),
    await withChunks('1,000 chunks of 100 bytes, stored alone', {
      ...{ tasks: 20, chunks: 1_000, turn: 1 },
    }),
    await withChunks('1,000 chunks of 100 bytes, 250 at once', { tasks: 200, chunks: 1_000 }),
    await withChunks('10,000 chunks of 100 bytes, 250 at once', { tasks: 40, chunks: 10_000 }),
    await withChunks('10,000 chunks of 1,000 bytes, 250 at once', {
      ...{ tasks: 10, chunks: 10_000, chunkBytes: 1_000 },
    }),
  ];
  printTable('Memory of a task', printed);
}

try {
  const version = /redis_version:(\S+)/.exec(await admin.info('server'))?.[1];
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, redis-server ${version}, ` +
      `${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, ${formatCount(chunkCount)} chunks a row`,
  );
  await printTraffic();
  await printTasks();
  await printMemory();
} finally {
  await queue.close();
  await Promise.all(contexts.map((context) => context.close()));
  admin.destroy();
  await redis.stop();
}
