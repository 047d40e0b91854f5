import { describe, expect, it } from 'vitest';
import {
  endedBy,
  nothingOpen,
  type OpenParts,
  trackFrame,
} from '../../../src/server/log/open-parts';
import { bridge } from '../../../src/server/log/part-ends';

type Chunk = { type: string } & Record<string, unknown>;

/** What is open after the chunks, the first of which has the number `first`. */
function openAfter(chunks: Chunk[], before = nothingOpen, first = 0): OpenParts {
  return chunks.reduce(
    (open, chunk, index) => trackFrame(open, JSON.stringify(chunk), first + index),
    before,
  );
}

/** What takes a reader from one point to another. */
function bridged(before: OpenParts, after: OpenParts): Chunk[] {
  return bridge(before, after, 'Lost.').map((frame) => JSON.parse(frame) as Chunk);
}

function startsAfter(chunks: Chunk[]): Chunk[] {
  return bridged(nothingOpen, openAfter(chunks));
}

const textStart: Chunk = { type: 'text-start', id: 't' };
const textEnd: Chunk = { type: 'text-end', id: 't' };
const reasoningStart: Chunk = { type: 'reasoning-start', id: 't' };
const toolStart: Chunk = { type: 'tool-input-start', toolCallId: 'c', toolName: 'search' };
const toolInput: Chunk = { ...toolStart, type: 'tool-input-available', input: {} };
const toolOutput: Chunk = { type: 'tool-output-available', toolCallId: 'c', output: 1 };

describe('what is open', () => {
  it('is opened by starts, in their order, and tells texts from reasonings', () => {
    expect(startsAfter([toolStart, textStart, reasoningStart])).toEqual([
      toolStart,
      textStart,
      reasoningStart,
    ]);
    expect(startsAfter([textStart, reasoningStart, textEnd])).toEqual([reasoningStart]);
  });

  it('is ended by what belongs to it', () => {
    expect(startsAfter([textStart, textEnd])).toEqual([]);
    expect(startsAfter([reasoningStart, { type: 'reasoning-end', id: 't' }])).toEqual([]);
    expect(startsAfter([textStart, { type: 'text-end', id: 'other' }])).toEqual([textStart]);
    for (const type of [
      'tool-output-available',
      'tool-output-error',
      'tool-output-denied',
      'tool-input-error',
    ]) {
      expect(startsAfter([toolStart, { type, toolCallId: 'c' }])).toEqual([]);
    }
  });

  it('takes a whole input in place of one that has only begun', () => {
    expect(startsAfter([toolStart, toolInput])).toEqual([toolInput]);
  });

  it('keeps a tool call open at an output that is preliminary, whatever other outputs hold', () => {
    expect(startsAfter([toolInput, { ...toolOutput, preliminary: true }])).toEqual([toolInput]);
    expect(startsAfter([toolInput, { ...toolOutput, output: { preliminary: true } }])).toEqual([]);
  });

  it('is nothing after a step was taken back', () => {
    expect(startsAfter([textStart, toolInput, { type: 'reset-step' }])).toEqual([]);
  });

  it('keeps the calls of the message that a task continues when a step of the task is taken back', () => {
    const own = { ...toolInput, toolCallId: 'd' };
    expect(startsAfter([toolInput, { type: 'start' }, own, { type: 'reset-step' }])).toEqual([
      toolInput,
    ]);
  });

  it('is the same object as long as nothing changes', () => {
    const open = openAfter([textStart]);
    const others = ['text-delta', 'tool-input-delta', 'data-task', 'finish-step', 'constructor'];
    for (const type of others) expect(openAfter([{ type, id: 't' }], open)).toBe(open);
  });
});

describe('between two points', () => {
  const before = openAfter([textStart, toolStart, reasoningStart]);

  it('parts have ended, and a tool call without its output has an error', () => {
    expect(bridged(before, openAfter([textEnd, toolOutput], before, 3))).toEqual([
      textEnd,
      { type: 'tool-output-error', toolCallId: 'c', errorText: 'Lost.' },
    ]);
  });

  it('an error of a tool call says what kind of call it was', () => {
    const call = { ...toolInput, dynamic: true, providerExecuted: false };
    const after = openAfter([toolOutput], openAfter([call]), 1);
    expect(bridged(openAfter([call]), after)).toEqual([
      {
        type: 'tool-output-error',
        toolCallId: 'c',
        errorText: 'Lost.',
        providerExecuted: false,
        dynamic: true,
      },
    ]);
  });

  it('a part that ended is another than the next one of the same id', () => {
    const after = openAfter([textEnd, textStart], before, 3);
    expect(bridged(before, after)).toEqual([textEnd, textStart]);
  });

  it('the input of a tool call may have become whole, which ends nothing', () => {
    expect(bridged(before, openAfter([toolInput], before, 3))).toEqual([toolInput]);
  });

  it('nothing may have changed', () => {
    expect(bridged(before, before)).toEqual([]);
  });
});

it('knows an end of something that is open, and of something that is not', () => {
  const open = openAfter([textStart, toolInput]);
  expect(endedBy(open, JSON.stringify(textEnd))).toBe('open');
  expect(endedBy(open, JSON.stringify(toolOutput))).toBe('open');
  expect(endedBy(open, JSON.stringify({ type: 'reasoning-end', id: 't' }))).toBe('unknown');
  expect(endedBy(open, JSON.stringify({ ...toolOutput, toolCallId: 'd' }))).toBe('unknown');
  for (const chunk of [textStart, { type: 'data-task' }, { ...toolOutput, preliminary: true }]) {
    expect(endedBy(open, JSON.stringify(chunk))).toBe(undefined);
  }
});
