// How long it takes from the end of the work to `onSettle`, which gets the finished message, against
// the same message built by the AI SDK's `readUIMessageStream`.
import { randomUUID } from 'node:crypto';
import { readUIMessageStream } from 'ai';
import { streamTask } from 'ai-task-stream/server';
import { median, medianRatio } from './redis/statistics.mjs';
import { printTable } from './redis/table.mjs';

const callCount = 300;
const outputLength = 30_000;

function callChunks(index) {
  const toolCallId = `call-${index}`;
  const text = `${index} `.repeat(outputLength).slice(0, outputLength);
  return [
    { type: 'tool-input-start', toolCallId, toolName: 'search' },
    { type: 'tool-input-available', toolCallId, toolName: 'search', input: { index } },
    { type: 'tool-output-available', toolCallId, output: { text } },
  ];
}

/** Notes the longest time for which the event loop was blocked. */
function watchTurns() {
  let isOver = false;
  let longest = 0;
  let lastAt = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - lastAt);
    lastAt = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  return async () => {
    await new Promise((resolve) => setImmediate(resolve));
    isOver = true;
    return longest;
  };
}

async function settle(chunks) {
  let stopWatching;
  let startedAt = 0;
  const run = await new Promise((resolve) => {
    streamTask({
      chatId: randomUUID(),
      execute: ({ writer }) => {
        for (const chunk of chunks) writer.write(chunk);
        stopWatching = watchTurns();
        startedAt = performance.now();
      },
      onSettle: ({ message }) => resolve({ message, ms: performance.now() - startedAt }),
    });
  });
  return { ...run, longest: await stopWatching() };
}

async function readStream(chunks) {
  const stopWatching = watchTurns();
  const startedAt = performance.now();
  let next = 0;
  const stream = new ReadableStream({
    pull(controller) {
      if (next < chunks.length) controller.enqueue(structuredClone(chunks[next++]));
      else controller.close();
    },
  });
  let message;
  for await (const snapshot of readUIMessageStream({ stream })) message = snapshot;
  return { message, ms: performance.now() - startedAt, longest: await stopWatching() };
}

const contenders = {
  'ai-task-stream, onSettle': settle,
  'AI SDK 7, readUIMessageStream': readStream,
};

/** Runs the contenders in turns, checks that each output is there, and prints a table. */
export async function measureSettling(rounds) {
  const chunks = Array.from({ length: callCount }, (_, index) => callChunks(index)).flat();
  const names = Object.keys(contenders);
  const runs = names.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, name] of names.entries()) {
      const { message, ...run } = await contenders[name](chunks);
      const outputs = message.parts.filter(({ output }) => output?.text.length === outputLength);
      if (outputs.length !== callCount) throw new Error(`${name}: the message is not whole.`);
      runs[index].push(run);
    }
  }
  const times = runs.map((own) => own.map(({ ms }) => ms));
  printTable(
    `The message of ${callCount} tool calls of 30 kB, ${rounds} rounds in turns, Node ${process.version}`,
    names.map((name, index) => ({
      contender: name,
      'ms (median)': median(times[index]).toFixed(1),
      'x AI SDK': medianRatio(times.at(-1), times[index]).toFixed(1),
      'longest turn, ms': Math.max(...runs[index].map(({ longest }) => longest)).toFixed(0),
    })),
  );
}
