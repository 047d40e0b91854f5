// Measures tasks whose log is kept in Redis against their peers, in turns within one run, readers in
// a process of their own, and checks every byte that they read.
// Usage: npm run bench:redis [-- --rounds 9 --rows logs,replays --contenders ai-task-stream]
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { requireProgram } from '../scripts/find-program.mjs';
import { startRedisServer } from '../scripts/start-redis.mjs';
import { measureLogs, measureTasks } from './redis/burst-rows.mjs';
import { measureMany } from './redis/many-rows.mjs';
import { measureReplays } from './redis/replay-rows.mjs';
import { startWorker } from './redis/start-worker.mjs';
import { measureClientCalls, measureLatency } from './redis/steady-rows.mjs';
import { watchServer } from './redis/watch-server.mjs';

const measurements = {
  logs: measureLogs,
  tasks: measureTasks,
  latency: measureLatency,
  calls: measureClientCalls,
  replays: measureReplays,
  many: measureMany,
};

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: Object.keys(measurements).join() },
    // Measure only with these numbers of readers.
    readers: { type: 'string', default: '' },
    // Measure only contenders whose name contains one of these texts, given with commas between.
    contenders: { type: 'string', default: '' },
    // A folder for V8 CPU profiles of the processes.
    profile: { type: 'string' },
  },
});

const command = requireProgram('redis');
const redis = await startRedisServer({ command });
const server = await watchServer(redis.url);
const execArgv = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
const workerOptions = { url: redis.url, execArgv };
const producers = startWorker(workerOptions);
const followers = startWorker(workerOptions);

const failures = [];
const bench = {
  ...workerOptions,
  command,
  server,
  producers,
  followers,
  rounds: Number(values.rounds),
  nextId: () => crypto.randomUUID(),
  isWanted: (name) => values.contenders.split(',').some((part) => name.includes(part)),
  isCountWanted: (readers) =>
    values.readers === '' || values.readers.split(',').includes(String(readers)),
  isMet: (isMet) => (isMet ? 'yes' : '**no**'),
  /** Tells on a terminal what is being measured. */
  note(text) {
    if (process.stderr.isTTY) process.stderr.write(`\x1b[2K\r${text}`);
  },
  /** Reports a failure, now and again at the end of the run, which then counts as failed. */
  fail(what, error) {
    failures.push(`${what}: ${error.message.split('\n')[0]}`);
    console.error(`\n${what}: ${error.message}`);
    return true;
  },
};

/** The version of a package that is installed in one of the folders; the first folder that has it. */
function versionOf(name, ...folders) {
  const paths = (folders.length > 0 ? folders : ['.', '..']).map(
    (folder) => new URL(`${folder}/node_modules/${name}/package.json`, import.meta.url),
  );
  return JSON.parse(readFileSync(paths.find((path) => existsSync(path)))).version;
}

const startedAt = performance.now();
try {
  console.log(
    [
      new Date().toISOString().slice(0, 10),
      `Node ${process.version}`,
      `redis-server ${server.version}`,
      `ai ${versionOf('ai')}`,
      `resumable-stream ${versionOf('resumable-stream')}`,
      `assistant-stream ${versionOf('assistant-stream')} on redis ${versionOf('redis')}`,
      `all others on redis ${versionOf('redis', '..')} or ioredis ${versionOf('ioredis')}`,
      `${cpus().length} cores (${cpus()[0].model.trim()})`,
      `load ${loadavg()[0].toFixed(1)} before`,
      `medians of ${bench.rounds} rounds in turns`,
    ].join(', '),
  );
  for (const row of values.rows.split(',')) await measurements[row](bench);
} finally {
  await Promise.all([producers.stop(), followers.stop()]);
  server.close();
  await redis.stop();
}
bench.note('');
console.log(`\nTook ${Math.round((performance.now() - startedAt) / 1000)} s.`);
if (failures.length > 0) {
  console.error(`\nFailed:\n${failures.join('\n')}`);
  process.exitCode = 1;
}
