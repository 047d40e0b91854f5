import { now } from './clock.mjs';

export const chunkCount = 10_000;

/** Stands in the last chunk, so that a reader of a log that stays open knows it has everything. */
export const endMark = '#last#';

const words = 'a task goes on while its readers come and leave and what it said is kept'.split(' ');

function deltaOf(index) {
  let delta = index === chunkCount - 1 ? endMark : `${index}`;
  for (let n = index; delta.length < 76; n++) delta += ` ${words[n % words.length]}`;
  return delta;
}

const deltas = Array.from({ length: chunkCount }, (_, index) => deltaOf(index));
const textChunk = (delta) => ({ type: 'text-delta', id: 'text', delta });
const sse = (chunk) => `data: ${JSON.stringify(chunk)}\n\n`;

/** The text that a reader of a whole pipeline has to get. */
export const expectedText = deltas.join('');

/** The same chunks in the three shapes that contenders take them in. */
const chunksOf = {
  text: deltas.map((delta) => sse(textChunk(delta))),
  chunk: [
    { type: 'text-start', id: 'text' },
    ...deltas.map(textChunk),
    { type: 'text-end', id: 'text' },
  ],
};
chunksOf.bytes = chunksOf.text.map((text) => new TextEncoder().encode(text));

/** The text that a reader of a bare log has to get. */
export const expectedLog = chunksOf.text.join('');
export const expectedLogBytes = new TextEncoder().encode(expectedLog);

/** Gives all chunks as fast as they are taken once `opened` resolves; ends when `released` resolves. */
export function createBurst({ shape, opened, released }) {
  const chunks = chunksOf[shape];
  let next = 0;
  return new ReadableStream({
    start: () => opened,
    pull(controller) {
      if (next < chunks.length) controller.enqueue(chunks[next++]);
      else return released.then(() => controller.close());
    },
  });
}

/** A chunk that holds its number and the time at which it was made. */
function stampedDelta(index) {
  let delta = `@${index}:${now().toFixed(3)};`;
  for (let n = index; delta.length < 76; n++) delta += ` ${words[n % words.length]}`;
  return delta;
}

export function stampedChunk(shape, index) {
  const chunk = textChunk(stampedDelta(index));
  if (shape === 'chunk') return chunk;
  return shape === 'text' ? sse(chunk) : new TextEncoder().encode(sse(chunk));
}

export const chunksPerSecond = 60;

/** Stamped chunks at a steady pace from the moment that `opened` resolves. */
export function createSteady({ shape, opened, seconds }) {
  const count = seconds * chunksPerSecond;
  let index = 0;
  return new ReadableStream({
    async start(controller) {
      if (shape === 'chunk') controller.enqueue({ type: 'text-start', id: 'text' });
      opened.then((startedAt) => {
        const tick = () => {
          controller.enqueue(stampedChunk(shape, index++));
          if (index < count) return schedule();
          if (shape === 'chunk') controller.enqueue({ type: 'text-end', id: 'text' });
          controller.close();
        };
        const schedule = () =>
          setTimeout(tick, startedAt + (index * 1000) / chunksPerSecond - now());
        schedule();
      });
    },
  });
}
