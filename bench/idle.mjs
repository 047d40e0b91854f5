// What clients that wait cost a server: nothing happens in their tasks, and only heartbeats are sent.
// The clients are another process. Beside it, a bare `node:http` server that sends the same.
// Usage: npm run bench:idle [-- --readers 8000 --tasks 200 --seconds 20 --rounds 3]
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from './redis/statistics.mjs';
import { printTable } from './redis/table.mjs';

const { values } = parseArgs({
  options: {
    readers: { type: 'string', default: '8000' },
    tasks: { type: 'string', default: '200' },
    // For how long heartbeats are counted, once all clients are there.
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
  },
});
const readers = Number(values.readers);
const rounds = Number(values.rounds);
const heartbeatMs = 5_000;

/** @throws when a process here cannot have as many sockets. */
function checkOpenFiles() {
  if (process.platform === 'win32') return;
  // Node raises the soft limit to the hard one by itself.
  const limit = execFileSync('sh', ['-c', 'ulimit -H -n'], { encoding: 'utf8' }).trim();
  const needed = readers + 100;
  if (limit === 'unlimited' || Number(limit) >= needed) return;
  throw new Error(
    `${readers} readers need ${needed} open files in each of two processes, and ${limit} are ` +
      `allowed here. Raise that with \`ulimit -n ${needed}\`, or pass \`--readers\`.`,
  );
}

function start(name, ...args) {
  const path = fileURLToPath(new URL(`idle/${name}.mjs`, import.meta.url));
  const child = fork(path, args.map(String));
  return {
    async next() {
      const [message] = await once(child, 'message');
      return message;
    },
    ask(question) {
      child.send(question);
      return this.next();
    },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function measure(contender) {
  const server = start('server', contender, values.tasks, heartbeatMs);
  const { port } = await server.next();
  const before = await server.ask('usage');
  const clients = start('clients', port, readers, values.tasks);
  try {
    await clients.next();
    // Each has had a heartbeat by then, and what the connections left behind is gone.
    await delay(heartbeatMs * 1.2);
    const { received: receivedBefore } = await clients.ask('received');
    const from = await server.ask('usage');
    await delay(Number(values.seconds) * 1_000);
    const to = await server.ask('usage');
    const { received } = await clients.ask('received');
    const beats = received - receivedBefore;
    const cpuMs = to.cpuMs - from.cpuMs;
    return {
      core: (cpuMs / (to.at - from.at)) * 100,
      beatMicroseconds: (cpuMs * 1_000) / beats,
      // Of one in an interval, how many came.
      beats: (beats * heartbeatMs) / (readers * (to.at - from.at)),
      rssKiB: (to.rss - before.rss) / 1024 / readers,
    };
  } finally {
    await Promise.all([clients.stop(), server.stop()]);
  }
}

checkOpenFiles();
const contenders = { 'ai-task-stream': 'route', 'bare `node:http`': 'bare' };
const runs = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, kind] of Object.entries(contenders)) runs[name].push(await measure(kind));
}
printTable(
  `${readers} idle readers of ${values.tasks} tasks in one process, heartbeats each ` +
    `${heartbeatMs / 1_000} s, ${rounds} rounds in turns, Node ${process.version}`,
  Object.entries(runs).map(([name, own]) => {
    const of = (key) => median(own.map((run) => run[key]));
    return {
      server: name,
      '% of a core': of('core').toFixed(1),
      'µs per heartbeat': of('beatMicroseconds').toFixed(1),
      'heartbeats per interval': of('beats').toFixed(2),
      'KiB rss per reader': of('rssKiB').toFixed(1),
    };
  }),
);
