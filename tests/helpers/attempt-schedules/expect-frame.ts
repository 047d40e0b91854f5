import { expect } from 'vitest';
import type { ModelFrame, Place } from './model-log';
import type { Chunk } from './told';

/** What the context chooses in a frame that it makes: the times, and the words for people. */
const chosen = new Set([
  ...['createdAt', 'updatedAt', 'settledAt', 'durationMs'],
  ...['message', 'retryable', 'details', 'errorText', 'reason'],
]);

function withoutChosen(chunk: Chunk): Chunk {
  const text = JSON.stringify(chunk, (name, value) => (chosen.has(name) ? undefined : value));
  return JSON.parse(text);
}

/** Most frames are as they have to be, and `expect` is slow. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (actual !== expected) expect(actual).toBe(expected);
}

/** Expects a frame as the model has it. What a context has made before has to come again as it was. */
export function expectFrame(
  frame: ModelFrame,
  at: Place,
  data: string,
  seen: Map<ModelFrame, string>,
) {
  expectSame(`${at.epoch}-${at.n}`, `${frame.epoch}-${frame.n}`);
  if (!frame.isMade) return expectSame(data, JSON.stringify(frame.chunk));
  // Whatever the words are, they are the same for everybody.
  const before = seen.get(frame);
  if (before !== undefined) return expectSame(data, before);
  expect(withoutChosen(JSON.parse(data))).toEqual(withoutChosen(frame.chunk));
  seen.set(frame, data);
}
