// Measures how long a page waits for the next attempt at its task, when the process that ran the task
// is killed, and when it hands the task over because it is stopped (SIGTERM).
// Usage: npm run bench:recovery [-- --rounds 15 --heartbeatMs 1000]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createTaskStream } from 'ai-task-stream/ui';
import { requireProgram } from '../scripts/find-program.mjs';
import { startRedisServer } from '../scripts/start-redis.mjs';
import { median, percentile } from './redis/statistics.mjs';
import { formatMs, printTable } from './redis/table.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    heartbeatMs: { type: 'string', default: '1000' },
  },
});
const rounds = Number(values.rounds);
const { heartbeatMs } = values;

const redis = await startRedisServer({ command: requireProgram('redis') });
const script = fileURLToPath(new URL('recovery/server.mjs', import.meta.url));

async function startServer() {
  const child = fork(script, [redis.url, heartbeatMs]);
  const [{ port }] = await once(child, 'message');
  return { child, port };
}

const servers = await Promise.all([startServer(), startServer(), startServer()]);

/** Follows a task as a page does, each request at another one of the servers that are there. */
function openPage() {
  let turn = 0;
  return createTaskStream({
    api: 'http://servers',
    fetch(url, init) {
      turn += 1;
      const { port } = servers[turn % servers.length];
      return fetch(String(url).replace('http://servers', `http://127.0.0.1:${port}`), init);
    },
  });
}

function changed(page, isIt) {
  return new Promise((resolve) => {
    const look = () => {
      if (!isIt(page.getState())) return;
      leave();
      resolve(performance.now());
    };
    const leave = page.subscribe(look);
    look();
  });
}

/** Ends the server of a running task by a signal; resolves with how long its page then waited. */
async function measure(signal) {
  const page = openPage();
  void page.start(undefined);
  await changed(page, ({ partials }) => partials.length > 2);
  const { attempt = 1 } = page.getState();
  const [running] = servers.splice(1, 1);
  // The page's first request was answered by the server that runs its task.
  const endedAt = performance.now();
  running.child.kill(signal);
  const heardAt = await changed(page, (state) => (state.attempt ?? 1) > attempt);
  servers.splice(1, 0, await startServer());
  await page.cancel('Measured.');
  page.dispose();
  return heardAt - endedAt;
}

const waits = { SIGKILL: [], SIGTERM: [] };
for (let round = 0; round < rounds; round++) {
  for (const signal of Object.keys(waits)) {
    waits[signal].push(await measure(signal));
    await sleep(200);
  }
}

console.log(
  `Node ${process.version}, redis-server, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, ` +
    `heartbeats of ${heartbeatMs} ms, ${rounds} rounds in turns`,
);
printTable(
  'From the end of a process to the first frame of the next attempt at a page',
  Object.entries(waits).map(([signal, ms]) => ({
    ended: signal === 'SIGKILL' ? 'killed (SIGKILL)' : 'drained (SIGTERM)',
    median: formatMs(median(ms)),
    '90 %': formatMs(percentile(ms, 0.9)),
    longest: formatMs(Math.max(...ms)),
  })),
);

for (const { child } of servers) child.kill('SIGKILL');
await redis.stop();
