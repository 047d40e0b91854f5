import { chunkCount } from './source.mjs';
import { median, medianRatio } from './statistics.mjs';
import { formatCount, printTable } from './table.mjs';

/** Contenders on the same client are compared with each other; the first pair counts. */
const groups = {
  'bare log': {
    title: 'Bare log: strings in, strings out',
    pairs: [
      ['ai-task-stream', 'resumable-stream'],
      ['ai-task-stream (ioredis 6)', 'resumable-stream (ioredis 6)'],
    ],
    bystanders: ['assistant-stream'],
    readers: [0, 1, 10, 100],
    goal: (readers) => (readers === 0 ? 1.5 : 40),
  },
  'whole pipeline': {
    title: 'Whole pipeline: UI message chunks merged into a task or an AI SDK stream, SSE out',
    pairs: [
      ['ai-task-stream task', 'AI SDK recipe'],
      ['ai-task-stream task (ioredis 6)', 'AI SDK recipe (ioredis 6)'],
    ],
    bystanders: [],
    readers: [0, 1, 10],
    goal: (readers) => (readers === 0 ? 10 : 40),
  },
};

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

/** Runs all rounds of one row, and gives chunks per second by contender. */
async function runRow(bench, { group, names, readers, noteScriptCalls }) {
  const speeds = Object.fromEntries(names.map((name) => [name, []]));
  const out = new Set();
  const slow = new Set();
  for (let round = -1; round < bench.rounds; round++) {
    for (const name of names) {
      if (out.has(name) || (slow.has(name) && speeds[name].length >= 2)) continue;
      bench.note(`${group}, ${readers} readers, round ${round + 1}: ${name}`);
      const callsBefore = await bench.server.scriptCalls();
      try {
        const ms = await runBurst(bench, name, readers);
        if (ms > slowMs) slow.add(name);
        // The first round warms up.
        if (round >= 0 || slow.has(name)) speeds[name].push((chunkCount / ms) * 1000);
      } catch (error) {
        out.add(name);
        speeds[name] = [];
        bench.fail(`${group}, ${readers} readers, ${name}`, error);
      }
      if (round >= 0) noteScriptCalls(name, (await bench.server.scriptCalls()) - callsBefore);
    }
  }
  return speeds;
}

export async function measureBursts(bench) {
  const scriptCalls = {};
  for (const [group, { title, pairs, bystanders, readers: counts, goal: goalOf }] of Object.entries(
    groups,
  )) {
    const names = [...pairs.flat(), ...bystanders].filter(bench.isWanted);
    const printed = [];
    for (const readers of counts) {
      const noteScriptCalls = (name, calls) => {
        if (readers > 0) return;
        scriptCalls[name] ??= [];
        scriptCalls[name].push(calls);
      };
      const speeds = await runRow(bench, { group, names, readers, noteScriptCalls });
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
    }
    printTable(title, printed);
  }
  printTable(
    `Script calls for ${formatCount(chunkCount)} chunks, no reader besides the first`,
    Object.entries(scriptCalls).map(([name, calls]) => ({
      contender: name,
      'script calls': median(calls),
      goal: name.startsWith('ai-task') ? '<= 100' : '',
      met: name.startsWith('ai-task') ? bench.isMet(median(calls) <= 100) : '',
    })),
  );
}
