// Compares the byte path with its peers, in turns within one run, and prints one table.
// Usage: npm run bench [-- --rounds 9 --deltas 50000]
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createUIMessageStream, createUIMessageStreamResponse } from 'ai';
import { streamTask } from 'ai-task-stream/server';
import { measureSettling } from './settle-rows.mjs';
import { measureStore } from './store-rows.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    deltas: { type: 'string', default: '50000' },
  },
});
const rounds = Number(values.rounds);
const count = Number(values.deltas);

const chunks = [
  { type: 'text-start', id: 'text' },
  ...Array.from({ length: count }, (_, index) => ({
    type: 'text-delta',
    id: 'text',
    delta: `word ${index} `,
  })),
  { type: 'text-end', id: 'text' },
];

function chunkStream() {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      if (next < chunks.length) controller.enqueue(chunks[next++]);
      else controller.close();
    },
  });
}

/** Hands the chunks to a writer once the reader waits for them, and notes the time. */
async function feed(writer, how, run) {
  // After this time the reader has caught up: what follows is live, and is sent one frame per chunk.
  await delay(5);
  run.startedAt = performance.now();
  if (how === 'merge') writer.merge(chunkStream());
  else for (const chunk of chunks) writer.write(chunk);
}

const contenders = {
  'ai-task-stream, write': (run) =>
    streamTask({ execute: ({ writer }) => feed(writer, 'write', run) }).toResponse(),
  'ai-task-stream, merge': (run) =>
    streamTask({ execute: ({ writer }) => feed(writer, 'merge', run) }).toResponse(),
  'AI SDK 7, write': (run) =>
    createUIMessageStreamResponse({
      stream: createUIMessageStream({ execute: ({ writer }) => feed(writer, 'write', run) }),
    }),
  'AI SDK 7, merge': (run) =>
    createUIMessageStreamResponse({
      stream: createUIMessageStream({ execute: ({ writer }) => feed(writer, 'merge', run) }),
    }),
  'bare loop': (run) => {
    run.startedAt = performance.now();
    const encoder = new TextEncoder();
    run.parts = chunks.map((chunk) => encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`));
    run.endedAt = performance.now();
  },
};

/** Runs a contender once, checks that every delta left, and gives chunks per second. */
async function measure(name) {
  const run = { parts: [], startedAt: 0, endedAt: 0 };
  const response = await contenders[name](run);
  if (response) {
    for await (const part of response.body) run.parts.push(part);
    run.endedAt = performance.now();
  }
  const sent = Buffer.concat(run.parts).toString().split('"type":"text-delta"').length - 1;
  if (sent !== count) throw new Error(`${name} sent ${sent} of ${count} deltas.`);
  return (chunks.length / (run.endedAt - run.startedAt)) * 1000;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const names = Object.keys(contenders);
const speeds = Object.fromEntries(names.map((name) => [name, []]));
for (let round = -1; round < rounds; round++) {
  for (const name of names) {
    const speed = await measure(name);
    // The first round only warms up.
    if (round >= 0) speeds[name].push(speed);
  }
}

/** Medians of the ratios within each round, so that a noisy moment hits both alike. */
function ratio(name, peer, of = speeds) {
  return median(of[name].map((speed, round) => speed / of[peer][round]));
}

const rows = names.map((name) => ({
  contender: name,
  'chunks/s (median)': Math.round(median(speeds[name])).toLocaleString('en'),
  'x AI SDK': ratio(name, name.endsWith('merge') ? 'AI SDK 7, merge' : 'AI SDK 7, write').toFixed(
    1,
  ),
  'x bare loop': ratio(name, 'bare loop').toFixed(2),
}));

function print(title, table) {
  console.log(`${title}, ${rounds} rounds in turns, Node ${process.version}\n`);
  const columns = Object.keys(table[0]);
  console.log(`| ${columns.join(' | ')} |`);
  console.log(`| ${columns.map((_, index) => (index === 0 ? ':--' : '--:')).join(' | ')} |`);
  for (const row of table) console.log(`| ${Object.values(row).join(' | ')} |`);
}

print(`${count} text deltas`, rows);

const storeSpeeds = await measureStore({ count, rounds });
const storeRows = Object.keys(storeSpeeds).map((name) => ({
  contender: name,
  'lines/s (median)': Math.round(median(storeSpeeds[name])).toLocaleString('en'),
  'x bare loop': ratio(name, 'bare loop', storeSpeeds).toFixed(2),
}));
print(`\n${count} log lines in the store`, storeRows);

// Each round of the peer takes many seconds.
await measureSettling(Math.min(rounds, 2));
