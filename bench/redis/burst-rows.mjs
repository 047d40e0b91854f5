import { chunkCount } from './source.mjs';
import { median, medianRatio } from './statistics.mjs';
import { formatCount, printTable } from './table.mjs';

/** The rows of bare logs. Each pair uses one client library; the goal is for the first pair. */
const logs = {
  title: 'Bare log: strings in, strings out',
  pairs: [
    ['ai-task-stream', 'resumable-stream'],
    ['ai-task-stream (ioredis 6)', 'resumable-stream (ioredis 6)'],
  ],
  bystanders: ['assistant-stream'],
  readerCounts: [0, 1, 10, 100],
  goalOf: (readers) => (readers === 0 ? 1.5 : 40),
};

const tasks = {
  title: 'Whole pipeline: UI message chunks merged into a task or an AI SDK stream, SSE out',
  pairs: [
    ['ai-task-stream task', 'AI SDK recipe'],
    ['ai-task-stream task (ioredis 6)', 'AI SDK recipe (ioredis 6)'],
  ],
  bystanders: [],
  readerCounts: [0, 1, 10],
  goalOf: (readers) => (readers === 0 ? 10 : 40),
};

/** Rounds before those that count, so that V8 has compiled the code as in a server that runs. */
const warmUps = 4;

/** A contender that takes longer than this for a round gets two rounds, and none to warm up. */
const slowMs = 20_000;

function formatRatio(ratio) {
  return Number.isNaN(ratio) ? '' : `${ratio.toFixed(1)} x`;
}

/** Runs one burst with readers in another process, and gives its milliseconds. */
async function runBurst(bench, name, readers) {
  const { producers, followers } = bench;
  const id = bench.nextId();
  await producers.call('open', { name, id, feed: 'burst' });
  if (readers > 0) await followers.call('attach', { name, id, count: readers, feed: 'burst' });
  const startedAt = await producers.call('go', { id });
  const [first, rest] = await Promise.all([
    producers.call('finish', { id }),
    readers > 0 ? followers.call('finish', { id }) : { endedAt: 0 },
  ]);
  return Math.max(first.endedAt, rest.endedAt) - startedAt;
}

/** Runs all rounds of one row, and gives chunks per second and script calls by contender. */
async function runRow(bench, { title, names, readers }) {
  const speeds = Object.fromEntries(names.map((name) => [name, []]));
  const scriptCalls = Object.fromEntries(names.map((name) => [name, []]));
  const out = new Set();
  const slow = new Set();
  for (let round = -warmUps; round < bench.rounds; round++) {
    for (const name of names) {
      if (out.has(name) || (slow.has(name) && speeds[name].length >= 2)) continue;
      bench.note(`${title}, ${readers} readers, round ${round + 1}: ${name}`);
      const callsBefore = await bench.server.scriptCalls();
      try {
        const ms = await runBurst(bench, name, readers);
        if (ms > slowMs) slow.add(name);
        if (round >= 0 || slow.has(name)) speeds[name].push((chunkCount / ms) * 1000);
      } catch (error) {
        out.add(name);
        speeds[name] = [];
        bench.fail(`${title}, ${readers} readers, ${name}`, error);
      }
      scriptCalls[name].push((await bench.server.scriptCalls()) - callsBefore);
    }
  }
  return { speeds, scriptCalls };
}

async function measureBursts(bench, { title, pairs, bystanders, readerCounts, goalOf }) {
  const names = [...pairs.flat(), ...bystanders].filter(bench.isWanted);
  const printed = [];
  const printedCalls = [];
  for (const readers of readerCounts.filter(bench.isCountWanted)) {
    const { speeds, scriptCalls } = await runRow(bench, { title, names, readers });
    const cell = (name) => {
      const { length } = speeds[name];
      if (length === 0) return 'failed';
      const note = length < bench.rounds ? ` (${length} rounds)` : '';
      return formatCount(median(speeds[name])) + note;
    };
    const [ratio, ioredisRatio] = pairs.map(([ours, peer]) =>
      speeds[ours]?.length > 0 && speeds[peer]?.length > 0
        ? medianRatio(speeds[ours], speeds[peer])
        : Number.NaN,
    );
    const goal = goalOf(readers);
    printed.push({
      'chunks/s': readers === 1 ? '1 reader' : `${readers} readers`,
      ...Object.fromEntries(names.map((name) => [name, cell(name)])),
      ratio: formatRatio(ratio),
      'ratio on ioredis': formatRatio(ioredisRatio),
      goal: `>= ${goal} x`,
      met: bench.isMet(ratio >= goal),
    });
    if (readers > 0) continue;
    for (const name of names) {
      const calls = median(scriptCalls[name]);
      const goalOfOurs = name.startsWith('ai-task') && {
        goal: '<= 100',
        met: bench.isMet(calls <= 100),
      };
      printedCalls.push({ contender: name, 'script calls': calls, ...goalOfOurs });
    }
  }
  printTable(title, printed);
  printTable(
    `Script calls for ${formatCount(chunkCount)} chunks, no reader besides the first`,
    printedCalls,
  );
}

export const measureLogs = (bench) => measureBursts(bench, logs);
export const measureTasks = (bench) => measureBursts(bench, tasks);
