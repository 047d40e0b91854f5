// How long an AI SDK client takes to rebuild a long answer after a reload: from our replay, and
// from a stock one. Usage: npm run bench:rebuild [-- --rounds 5 --deltas 20000]
import { parseArgs } from 'node:util';
import { Chat } from '@ai-sdk/react';
import { createUIMessageStream, createUIMessageStreamResponse, DefaultChatTransport } from 'ai';
import { resumeTask, streamTask } from 'ai-task-stream/server';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    deltas: { type: 'string', default: '20000' },
  },
});
const rounds = Number(values.rounds);
const count = Number(values.deltas);
const text = Array.from({ length: count }, (_, index) => `word ${index} `);

function write(writer) {
  writer.write({ type: 'text-start', id: 'text' });
  for (const delta of text) writer.write({ type: 'text-delta', id: 'text', delta });
  writer.write({ type: 'text-end', id: 'text' });
}

/** Milliseconds from the answer to the whole message. */
async function rebuild(body) {
  const fetch = async () =>
    new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  const chat = new Chat({ id: 'chat', transport: new DefaultChatTransport({ fetch }) });
  const startedAt = performance.now();
  await chat.resumeStream();
  const ms = performance.now() - startedAt;
  const rebuilt = chat.lastMessage?.parts.find(({ type }) => type === 'text')?.text;
  if (rebuilt !== text.join('')) throw new Error('The message was not rebuilt as it was.');
  return ms;
}

async function bodyOf(response) {
  return new Uint8Array(await (await response).arrayBuffer());
}

const task = streamTask({ execute: ({ writer }) => write(writer) });
await task.consume();
const contenders = {
  'ai-task-stream, compacted replay': await bodyOf(
    resumeTask({ taskId: task.taskId }).toResponse(),
  ),
  'AI SDK 7, stock replay': await bodyOf(
    createUIMessageStreamResponse({
      stream: createUIMessageStream({ execute: ({ writer }) => write(writer) }),
    }),
  ),
};

const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, body] of Object.entries(contenders)) times[name].push(await rebuild(body));
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

const [ours, stock] = Object.values(times);
const ratio = median(ours.map((ms, round) => stock[round] / ms));
console.log(`${count} text deltas, ${rounds} rounds in turns, Node ${process.version}\n`);
console.log('| replay | bytes | ms (median) | x stock |');
console.log('| :-- | --: | --: | --: |');
for (const [name, body] of Object.entries(contenders)) {
  const isOurs = times[name] === ours;
  console.log(
    `| ${name} | ${body.length.toLocaleString('en')} | ${median(times[name]).toFixed(1)} | ${isOurs ? ratio.toFixed(0) : 1} |`,
  );
}
