import { describe, expect, it } from 'vitest';
import { createChatRewind } from '../../../src/ui/chat-rewind';
import { type Chunk, checkpoint, toolCall } from '../../helpers/attempts';
import { settle, snapshot, taskId } from '../../helpers/recording';

const start: Chunk = { type: 'start', messageId: 'new' };
const startStep: Chunk = { type: 'start-step' };
const finishStep: Chunk = { type: 'finish-step' };
const reset: Chunk = { type: 'reset-step' };
const text: Chunk[] = [
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Hi' },
  { type: 'text-end', id: 't' },
];
const status = (data: string): Chunk => ({ type: 'data-status', id: 's', data });
const metadata = (messageMetadata: unknown): Chunk => {
  return { type: 'message-metadata', messageMetadata };
};
const rewind = (attempt: number, index: number): Chunk => {
  const data = { taskId, attempt, checkpoint: index, logs: 0, partials: 0 };
  return { type: 'data-task-rewind', data, transient: true };
};
const ofTask = /^data-task(-checkpoint|-rewind)?$/;

/** What a chat gets from the last rewind on but parts of its task, and how often it was told. */
function take(chunks: readonly Chunk[], canReset = true, had: readonly string[] = []) {
  let told = 0;
  const { take } = createChatRewind({
    taskId,
    hadMessage: (messageId) => had.includes(messageId),
    onVoid: () => told++,
  });
  let got: unknown[] = [];
  for (const chunk of chunks) {
    if (chunk.type === 'data-task-rewind') got = [];
    got.push(...take(chunk, canReset).filter(({ type }) => !ofTask.test(type)));
  }
  return { got, told };
}

describe('what a chat has of an attempt that is void (R-CLIENT-12)', () => {
  it('goes with its step, whose start is left for the next one', () => {
    const chunks = [start, startStep, ...text, finishStep, rewind(2, -1), startStep, ...text];
    expect(take(chunks)).toEqual({ got: [reset, ...text], told: 0 });
    expect(take(chunks, false)).toEqual({ got: [startStep, ...text], told: 1 });
  });

  it('has no text left open that does not go', () => {
    const chunks = [start, ...text.slice(0, 2), rewind(2, -1)];
    expect(take(chunks)).toEqual({ got: [{ type: 'text-end', id: 't' }], told: 1 });
  });

  it('is told of when the next attempt does not begin with a step', () => {
    const chunks = [start, startStep, ...text, rewind(2, -1), ...text];
    expect(take(chunks)).toEqual({ got: [reset, ...text], told: 1 });
    // The outcome of the task adds to the message as well, but there is nothing to show beside it.
    expect(take([...chunks.slice(0, -3), settle()]).told).toBe(0);
  });

  it('goes again when the next attempt is lost, too, also before its step', () => {
    const once = [start, startStep, ...text, rewind(2, -1)];
    expect(take([...once, rewind(3, -1), startStep])).toEqual({ got: [], told: 0 });
    expect(take([...once, startStep, ...text, rewind(3, -1), startStep])).toEqual({
      got: [reset],
      told: 0,
    });
  });

  it('is brought back where it replaced something', () => {
    const before = [
      start,
      startStep,
      status('one'),
      metadata({ a: 1, b: { c: 1 } }),
      checkpoint(0),
    ];
    const replaced = [status('two'), metadata({ b: { c: 2 } }), rewind(2, 0)];
    const back = [status('one'), metadata({ a: 1, b: { c: 1 } })];
    expect(take([...before, ...replaced], false)).toEqual({ got: back, told: 0 });
    const withStep = [startStep, ...text, ...replaced];
    expect(take([...before, ...withStep])).toEqual({ got: [reset, ...back], told: 0 });
    // Brought back once: later attempts have nothing to bring back.
    expect(take([...before, ...replaced, rewind(3, 0)], false)).toEqual({ got: [], told: 0 });
  });

  it('is told of where nothing can bring it back', () => {
    const before = [start, startStep, ...toolCall('call'), finishStep, checkpoint(0), startStep];
    const output = { type: 'tool-output-available', toolCallId: 'call', output: 'other' };
    for (const lost of [
      [output],
      [metadata({ isNew: true })],
      [startStep],
      [{ type: 'tool-approval-response', approvalId: 'a', approved: true }],
    ]) {
      expect([lost, take([...before, ...lost, rewind(2, 0)]).told]).toEqual([lost, 1]);
    }
    const withinStep = [start, startStep, ...toolCall('call'), checkpoint(0)];
    expect(take([...withinStep, ...text, rewind(2, 0)]).told).toBe(1);
  });

  it('may lie behind a checkpoint that was not stored', () => {
    const chunks = [start, startStep, ...text, checkpoint(0), startStep, ...text, checkpoint(1)];
    expect(take([...chunks, rewind(2, 0), startStep])).toEqual({ got: [reset], told: 0 });
    expect(take([...chunks, rewind(2, -1)]).told).toBe(1);
  });

  it('is told of when the message may have had the part before', () => {
    const chunks = [start, startStep, status('one'), rewind(2, -1)];
    expect(take(chunks, true, ['new']).told).toBe(1);
    expect(take(chunks, true, ['other'])).toEqual({ got: [reset], told: 0 });
  });

  it('is nothing when its attempt was seen to begin, or shows nothing', () => {
    const seen = [start, startStep, ...text, rewind(2, -1), startStep, ...text, rewind(2, -1)];
    expect(take(seen)).toEqual({ got: [], told: 0 });
    const log = { type: 'data-own', data: 1, transient: true };
    expect(take([start, snapshot() as Chunk, log, finishStep, rewind(2, -1)], false)).toEqual({
      got: [],
      told: 0,
    });
  });
});
