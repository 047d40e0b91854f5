import { setTimeout as delay } from 'node:timers/promises';
import { startWorker } from './start-worker.mjs';
import { median, medianRatio } from './statistics.mjs';
import { formatMs, printTable } from './table.mjs';

/** What is replayed; `most` is the share of the time of the peer's live replay that it may take. */
const replays = [
  { title: 'ai-task-stream, raw', name: 'ai-task-stream', most: 0.6 },
  { title: 'ai-task-stream task, raw', name: 'ai-task-stream task', how: 'followRaw', most: 0.6 },
  { title: 'ai-task-stream task, compacted', name: 'ai-task-stream task', most: 1 },
  { title: 'resumable-stream', name: 'resumable-stream' },
  { title: 'resumable-stream (ioredis 6)', name: 'resumable-stream (ioredis 6)' },
  { title: 'assistant-stream', name: 'assistant-stream' },
];

/** Rounds before those that count. */
const warmUps = 3;

const states = ['live', 'settled', 'killed'];

/** Long enough for written chunks to be stored, in milliseconds. */
const storeMs = 300;

/** How long a replay may take. A follower of `resumable-stream` can hang when its producer died. */
const timeoutMs = 5_000;

/** Replays that gave nothing the first time, and are not tried again. */
const empty = new Set();

/** Gives the milliseconds of one replay, or `undefined` when a peer has nothing to read. */
async function replay(bench, { title, name, how = 'follow', most }, state, id) {
  const key = `${title}, ${state}`;
  if (empty.has(key)) return undefined;
  const isOpen = state !== 'settled';
  try {
    return await bench.followers.call('replay', { name, id, how, isOpen }, { timeoutMs });
  } catch (error) {
    const reasons = /no stream to follow|Timeout waiting for ack|`replay` has taken/;
    if (most || !reasons.test(error.message)) throw error;
    empty.add(key);
    return undefined;
  }
}

async function runReplays(bench, name, kinds, note) {
  const id = bench.nextId();
  const run = { name, id, feed: 'burst' };
  await bench.producers.call('open', run);
  await bench.producers.call('go', { id, isHeld: true });
  await bench.producers.call('filled', { id });
  await delay(storeMs);
  for (const kind of kinds) note(kind, 'live', await replay(bench, kind, 'live', id));
  await bench.producers.call('release', { id });
  await bench.producers.call('finish', { id });
  for (const kind of kinds) note(kind, 'settled', await replay(bench, kind, 'settled', id));

  const doomed = startWorker(bench);
  const doomedId = bench.nextId();
  await doomed.call('open', { ...run, id: doomedId });
  await doomed.call('go', { id: doomedId, isHeld: true });
  await doomed.call('filled', { id: doomedId });
  await delay(storeMs);
  await doomed.kill();
  for (const kind of kinds) note(kind, 'killed', await replay(bench, kind, 'killed', doomedId));
}

/** Reads 10,000 chunks that are there already, from the call to the last byte. */
export async function measureReplays(bench) {
  const times = Object.fromEntries(
    replays.map(({ title }) => [title, Object.fromEntries(states.map((state) => [state, []]))]),
  );
  const names = [...new Set(replays.map(({ name }) => name))].filter(bench.isWanted);
  const failed = new Set();
  for (let round = -warmUps; round < bench.rounds; round++) {
    for (const name of names) {
      if (failed.has(name)) continue;
      bench.note(`replay, round ${round + 1}: ${name}`);
      const kinds = replays.filter((kind) => kind.name === name);
      try {
        await runReplays(bench, name, kinds, ({ title }, state, ms) => {
          if (round >= 0 && ms !== undefined) times[title][state].push(ms);
        });
      } catch (error) {
        failed.add(name);
        bench.fail(`replay, ${name}`, error);
      }
    }
  }
  const [peer] = ['resumable-stream', 'resumable-stream (ioredis 6)']
    .map((title) => times[title].live)
    .filter((live) => live.length > 0)
    .sort((a, b) => median(a) - median(b));
  const printed = replays
    .filter(({ name }) => names.includes(name))
    .map(({ title, name, most }) => {
      const row = { contender: title };
      let worst = 0;
      for (const state of states) {
        const ms = times[title][state];
        const ratio = peer && ms.length > 0 ? medianRatio(ms, peer) : Number.NaN;
        worst = Math.max(worst, ms.length > 0 ? ratio : Number.POSITIVE_INFINITY);
        const cell = ms.length > 0 ? `${formatMs(median(ms))} (${ratio.toFixed(2)} x)` : 'nothing';
        row[state] = failed.has(name) ? 'failed' : cell;
      }
      row.goal = most ? `<= ${most} x` : '';
      row.met = most ? bench.isMet(worst <= most) : '';
      return row;
    });
  printTable(
    'Replay of 10,000 chunks in another process: while live, settled, its producer killed; ' +
      "x resumable-stream's live replay",
    printed,
  );
}
