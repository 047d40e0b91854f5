// How long an AI SDK client takes to rebuild a long answer after a reload: from the replay of this
// package, and from that of the AI SDK's recipe; in this process, or with React in Chromium.
// Usage: npm run bench:rebuild [-- --browser --rounds 5 --deltas 20000]
import { parseArgs } from 'node:util';
import { openBrowserClient } from './rebuild/browser-client.mjs';
import { openNodeClient } from './rebuild/node-client.mjs';
import { createReplays } from './rebuild/replays.mjs';
import { median, medianRatio } from './redis/statistics.mjs';
import { printTable } from './redis/table.mjs';

const { values } = parseArgs({
  options: {
    browser: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    deltas: { type: 'string', default: '20000' },
  },
});
const rounds = Number(values.rounds);

const { text, replays } = await createReplays(Number(values.deltas));
const client = values.browser ? await openBrowserClient(replays) : openNodeClient();
const runs = replays.map(() => []);
try {
  for (let round = 0; round < rounds; round++) {
    for (const [index, replay] of replays.entries()) {
      const run = await client.rebuild(replay);
      if (run.text !== text) throw new Error(`${replay.name}: the message is not what it was.`);
      runs[index].push(run);
    }
  }
} finally {
  await client.close();
}

const times = runs.map((own) => own.map(({ ms }) => ms));
const stock = times.at(-1);
printTable(
  `${values.deltas} text deltas, medians of ${rounds} rounds in turns, Node ${process.version}` +
    (client.version ? `, ${client.version}` : ''),
  replays.map(({ name, body }, index) => ({
    replay: name,
    bytes: body.length.toLocaleString('en'),
    ms: median(times[index]).toFixed(1),
    'x stock': medianRatio(stock, times[index]).toFixed(1),
    ...(values.browser && longTasksOf(runs[index])),
  })),
);

/** How long a page was blocked for its user: by the browser's long tasks, of 50 ms and more. */
function longTasksOf(own) {
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  return {
    'long tasks, ms': median(own.map(({ longTasks }) => sum(longTasks))).toFixed(0),
    'longest, ms': median(own.map(({ longTasks }) => Math.max(0, ...longTasks))).toFixed(0),
  };
}
