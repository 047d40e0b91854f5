import { setTimeout as delay } from 'node:timers/promises';
import { chunksPerSecond } from './source.mjs';
import { startWorker } from './start-worker.mjs';
import { median, percentile } from './statistics.mjs';
import { formatMs, printTable } from './table.mjs';

/** Each pair uses one client library. A contender without a peer stands alone. */
const latencyPairs = [
  ['ai-task-stream', 'resumable-stream'],
  ['ai-task-stream (ioredis 6)', 'resumable-stream (ioredis 6)'],
  ['ai-task-stream task', 'AI SDK recipe'],
  ['assistant-stream'],
];

/** Measures how old chunks are when a reader gets them, in milliseconds. */
async function runSteady({ producers, followers, nextId }, name, seconds) {
  const run = { name, id: nextId(), feed: 'steady', seconds };
  await producers.call('open', run);
  await followers.call('attach', { ...run, count: 1 });
  await producers.call('go', run);
  await producers.call('finish', run);
  return (await followers.call('finish', run)).latencies;
}

/** Measures the time from a producer to a reader in another process, while nothing else goes on. */
export async function measureLatency(bench) {
  const rounds = {};
  for (let round = 0; round < bench.rounds; round++) {
    for (const name of latencyPairs.flat().filter(bench.isWanted)) {
      bench.note(`latency, round ${round + 1}: ${name}`);
      try {
        rounds[name] = [...(rounds[name] ?? []), await runSteady(bench, name, 2)];
      } catch (error) {
        bench.fail(`latency, ${name}`, error);
      }
    }
  }
  const medianOf = (name) => median(rounds[name].map(median));
  const printed = latencyPairs.flatMap((pair) =>
    pair
      .filter((name) => rounds[name])
      .map((name) => {
        const row = { contender: name, median: formatMs(medianOf(name)) };
        row['99th'] = formatMs(percentile(rounds[name].flat(), 0.99));
        const peer = name === pair[0] ? pair[1] : undefined;
        if (!rounds[peer]) return row;
        row.goal = `median <= ${formatMs(medianOf(peer))}`;
        row.met = bench.isMet(medianOf(name) <= medianOf(peer));
        return row;
      }),
  );
  printTable(
    `Latency at ${chunksPerSecond} chunks/s, producer to reader in another process`,
    printed,
  );
}

/** Counts the commands that clients send to the server while a task streams. */
export async function measureClientCalls(bench) {
  const seconds = 6;
  const printed = [];
  for (const name of [
    'ai-task-stream',
    'ai-task-stream task',
    'resumable-stream',
    'assistant-stream',
  ]) {
    if (!bench.isWanted(name)) continue;
    const isOurs = name.startsWith('ai-task');
    const row = { contender: name };
    let most = 0;
    for (const count of [0, 1, 10]) {
      bench.note(`client calls, ${count} readers: ${name}`);
      // New processes, so that no connections of other contenders are open.
      const [producers, followers] = [startWorker(bench), startWorker(bench)];
      const run = { name, id: bench.nextId(), feed: 'steady', seconds: seconds + 1 };
      try {
        await producers.call('open', run);
        if (count > 0) await followers.call('attach', { ...run, count });
        await producers.call('go', run);
        await delay(500);
        const commands = await bench.server.countCommands(seconds);
        await producers.call('finish', run);
        if (count > 0) await followers.call('finish', run);
        const perSecond = Object.values(commands).reduce((sum, calls) => sum + calls, 0) / seconds;
        most = Math.max(most, perSecond);
        row[`${count} readers`] = perSecond.toFixed(1);
        row.commands = Object.entries(commands)
          .map(([command, calls]) => `${command} ${(calls / seconds).toFixed(1)}`)
          .join(', ');
      } catch (error) {
        bench.fail(`client calls, ${count} readers, ${name}`, error);
        row[`${count} readers`] = 'failed';
        most = Number.POSITIVE_INFINITY;
      }
      await Promise.all([producers.stop(), followers.stop()]);
    }
    printed.push({
      contender: row.contender,
      '0 readers': row['0 readers'],
      '1 reader': row['1 readers'],
      '10 readers': row['10 readers'],
      'of these, with 10 readers': row.commands,
      goal: isOurs ? '<= 70' : '',
      met: isOurs ? bench.isMet(most <= 70) : '',
    });
  }
  printTable(`Client calls per second for a task at ${chunksPerSecond} chunks/s`, printed);
}
