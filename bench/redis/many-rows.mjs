import { startRedisServer } from '../../scripts/start-redis.mjs';
import { chunksPerSecond } from './source.mjs';
import { startWorker } from './start-worker.mjs';
import { formatMs, printTable } from './table.mjs';
import { watchServer } from './watch-server.mjs';

const tasks = 1_000;
const seconds = 10;

/** How long all tasks of a run may take together. */
const timeoutMs = 60_000;

async function runMany(bench, name) {
  // Each contender has its own processes and server, so that their memory is due to it alone.
  const redis = await startRedisServer({ command: bench.command });
  const workers = ['producer', 'reader'].map(() => startWorker({ ...bench, url: redis.url }));
  const [producers, followers] = workers;
  const server = await watchServer(redis.url);
  try {
    const ids = Array.from({ length: tasks }, () => bench.nextId());
    await producers.call('openMany', { name, ids, seconds });
    await followers.call('attachMany', { name, ids, seconds });
    const usages = () =>
      Promise.all([producers.call('usage'), followers.call('usage'), server.usage()]);
    const before = await usages();
    const startedAt = await producers.call('goMany');
    const [first, rest] = await Promise.all([
      producers.call('finishMany', {}, { timeoutMs }),
      followers.call('finishMany', {}, { timeoutMs }),
    ]);
    const after = await usages();
    const elapsedMs = Math.max(first.endedAt, rest.endedAt) - startedAt;
    const cpu = after.map(({ cpuMs }, index) => (cpuMs - before[index].cpuMs) / elapsedMs);
    return {
      settled: `${tasks}, nothing lost`,
      took: `${(elapsedMs / 1000).toFixed(1)} s`,
      median: formatMs(rest.median),
      '99th': formatMs(rest.p99),
      'producer late by at most': formatMs(first.worstDelay),
      'CPU producer, reader, server': cpu.map((share) => `${Math.round(share * 100)}%`).join(', '),
      'memory producer, reader, server': after
        .map(({ maxMegabytes }) => `${Math.round(maxMegabytes)} MiB`)
        .join(', '),
      'script calls': await server.scriptCalls(),
    };
  } finally {
    server.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    await redis.stop();
  }
}

/** A thousand tasks at once in one process, each with its first reader and one in another process. */
export async function measureMany(bench) {
  const printed = [];
  for (const name of ['ai-task-stream task', 'AI SDK recipe']) {
    if (!bench.isWanted(name)) continue;
    bench.note(`${tasks} tasks: ${name}`);
    const isOurs = name.startsWith('ai-task');
    const goal = { goal: isOurs ? 'all settle, nothing lost' : '' };
    try {
      const cells = await runMany(bench, name);
      printed.push({ contender: name, ...cells, ...goal, met: isOurs ? bench.isMet(true) : '' });
    } catch (error) {
      bench.fail(`${tasks} tasks, ${name}`, error);
      printed.push({
        contender: name,
        settled: 'failed',
        ...goal,
        met: isOurs ? bench.isMet(false) : '',
      });
    }
  }
  printTable(
    `${tasks} tasks at ${chunksPerSecond} chunks/s each for ${seconds} s, one process, one server`,
    printed,
  );
}
