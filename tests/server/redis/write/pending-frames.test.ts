import { describe, expect, it } from 'vitest';
import { type GapCause, gapFrame, gapMessage } from '../../../../src/server/log/frame-gap';
import type { Entry } from '../../../../src/server/redis/scripts/stored-task';
import { createPendingFrames } from '../../../../src/server/redis/write/create-pending-frames';

const taskId = 'task-0123456789abcdef';

function pendingFrames({ frames = [] }: { frames?: string[] } = {}) {
  return createPendingFrames({ taskId, frames, next: frames.length });
}

type Pending = ReturnType<typeof pendingFrames>;

function frame(n: number | string, length = 0): string {
  return JSON.stringify({ type: 'data-n', data: n, ...(length && { x: 'x'.repeat(length) }) });
}

const json = JSON.stringify;
const textStart = json({ type: 'text-start', id: 't' });
const textDelta = json({ type: 'text-delta', id: 't', delta: 'a' });
const textEnd = json({ type: 'text-end', id: 't' });
const toolInput = json({ type: 'tool-input-available', toolCallId: 'c', toolName: 'x', input: 1 });
const toolOutput = json({ type: 'tool-output-available', toolCallId: 'c', output: 1 });

function push(pending: Pending, ...frames: string[]): void {
  for (const each of frames) pending.push(each);
}

function drop(pending: Pending, cause: GapCause, ...frames: string[]): void {
  for (const each of frames) pending.drop(each, cause);
}

function entry(first: number, ...frames: string[]): Entry {
  return { first, last: first + frames.length - 1, text: frames.join('\n'), gap: undefined };
}

function gap(first: number, last: number, cause: GapCause, ...frames: string[]): Entry {
  return { first, last, text: frames.join('\n'), gap: cause };
}

const entriesOf = (pending: Pending, isAway = false) => pending.batch(isAway).entries;
const away = gapFrame(taskId, 'storage-away');
const full = gapFrame(taskId, 'log-full');
const lost = gapFrame(taskId, 'storage-lost');

describe('what waits', () => {
  it('is numbered on from what is stored', () => {
    const pending = pendingFrames({ frames: [frame(0), frame(1)] });
    expect([pending.first, pending.next, pending.length]).toEqual([2, 2, 0]);
    expect(pending.hasWork(false)).toBe(false);
    push(pending, frame(2), frame(3));
    expect([pending.first, pending.next]).toEqual([2, 4]);
    expect(pending.length).toBe(frame(2).length + frame(3).length);
    expect(pending.hasWork(false)).toBe(true);
    expect(entriesOf(pending)).toEqual([entry(2, frame(2), frame(3))]);
  });

  it('is cut into entries of 64 Ki characters, never within a frame', () => {
    const pending = pendingFrames();
    const large = Array.from({ length: 5 }, (_, n) => frame(n, 20_000));
    push(pending, ...large, frame(5, 100_000), frame(6));
    expect(entriesOf(pending)).toEqual([
      entry(0, ...large.slice(0, 3)),
      entry(3, ...large.slice(3)),
      entry(5, frame(5, 100_000)),
      entry(6, frame(6)),
    ]);
  });

  it('goes in calls of about 256 Ki characters', () => {
    const pending = pendingFrames();
    const frames = Array.from({ length: 12 }, (_, n) => frame(n, 60_000));
    push(pending, ...frames);
    const { entries, isLast } = pending.batch(false);
    expect(entries).toEqual(frames.slice(0, 5).map((each, n) => entry(n, each)));
    expect(isLast).toBe(false);
    pending.shift(4);
    expect(entriesOf(pending)[0]).toEqual(entry(5, frames[5]!));
  });

  it('goes in calls of a limited number of entries', () => {
    const pending = pendingFrames();
    for (let n = 0; n < 20_000; n += 2) {
      push(pending, frame(n));
      drop(pending, 'frame-too-large', frame(n + 1));
    }
    expect(entriesOf(pending).length).toBeLessThan(5_000);
  });

  it('stays until it is stored, and is the same when it is asked for again', () => {
    const pending = pendingFrames();
    push(pending, frame(0), frame(1));
    const first = entriesOf(pending);
    push(pending, frame(2));
    // What may be stored already does not grow.
    expect(entriesOf(pending)).toEqual([...first, entry(2, frame(2))]);
    push(pending, frame(3));
    pending.shift(1);
    expect(entriesOf(pending)).toEqual([entry(2, frame(2)), entry(3, frame(3))]);
    expect([pending.first, pending.next]).toEqual([2, 4]);
    pending.shift(3);
    expect([pending.first, pending.next, pending.length]).toEqual([4, 4, 0]);
  });

  it('loses nothing when the log is behind, or told where it ends twice', () => {
    const pending = pendingFrames();
    push(pending, frame(0), frame(1), frame(2));
    pending.shift(-1);
    pending.lose(-1);
    expect(entriesOf(pending)).toEqual([entry(0, frame(0), frame(1), frame(2))]);
    // The log holds a part of it only.
    pending.shift(0);
    pending.shift(0);
    expect(entriesOf(pending)).toEqual([entry(1, frame(1), frame(2))]);
    expect(pending.length).toBe(frame(1).length + frame(2).length);
  });
});

describe('a gap', () => {
  it('takes the place of what was dropped, and its own frame is the last', () => {
    const pending = pendingFrames();
    push(pending, frame(0));
    drop(pending, 'storage-away', frame(1), frame(2), frame(3));
    expect(pending.dropping).toBe('storage-away');
    push(pending, frame(4));
    expect(pending.dropping).toBeUndefined();
    expect(entriesOf(pending)).toEqual([
      entry(0, frame(0)),
      gap(1, 3, 'storage-away', away),
      entry(4, frame(4)),
    ]);
    expect(pending.length).toBe(frame(0).length + away.length + frame(4).length);
  });

  it('waits for a storage that is away, and is told as soon as that is back', () => {
    const pending = pendingFrames();
    drop(pending, 'storage-away', frame(0));
    expect(pending.hasWork(true)).toBe(false);
    expect(entriesOf(pending, true)).toEqual([]);
    drop(pending, 'storage-away', frame(1));
    expect(pending.hasWork(false)).toBe(true);
    expect(entriesOf(pending)).toEqual([gap(0, 1, 'storage-away', away)]);
    // What may be stored already does not grow.
    drop(pending, 'storage-away', frame(2));
    expect(entriesOf(pending)).toEqual([
      gap(0, 1, 'storage-away', away),
      gap(2, 2, 'storage-away', away),
    ]);
    pending.shift(1);
    expect(entriesOf(pending)).toEqual([gap(2, 2, 'storage-away', away)]);
    pending.shift(2);
    expect([pending.first, pending.next, pending.length]).toEqual([3, 3, 0]);
  });

  it('brings the starts of parts that were opened in it', () => {
    const pending = pendingFrames();
    drop(pending, 'storage-away', textStart, textDelta, frame(2));
    push(pending, textDelta);
    expect(entriesOf(pending)).toEqual([
      gap(0, 2, 'storage-away', textStart, away),
      entry(3, textDelta),
    ]);
  });

  it('brings no starts of parts that readers know, or that have ended', () => {
    const pending = pendingFrames({ frames: [textStart] });
    const other = textStart.replace('"t"', '"u"');
    drop(pending, 'storage-away', other, other.replace('start', 'end'), frame(3));
    push(pending, textDelta);
    expect(entriesOf(pending)[0]).toEqual(gap(1, 3, 'storage-away', away));
  });

  it('brings the ends of parts that readers know', () => {
    const pending = pendingFrames({ frames: [textStart, toolInput] });
    drop(pending, 'storage-away', textEnd, toolOutput, textStart, frame(5));
    push(pending, textDelta);
    const errorText = gapMessage('storage-away');
    const error = json({ type: 'tool-output-error', toolCallId: 'c', errorText });
    expect(entriesOf(pending)[0]).toEqual(
      gap(2, 5, 'storage-away', textEnd, error, textStart, away),
    );
  });

  it('grows where what it brings has no room', () => {
    const pending = pendingFrames();
    drop(pending, 'storage-away', textStart);
    expect(pending.hasWork(false)).toBe(false);
    push(pending, textDelta);
    push(pending, textDelta);
    expect(entriesOf(pending)).toEqual([
      gap(0, 1, 'storage-away', textStart, away),
      entry(2, textDelta),
    ]);
  });

  it('in a log that is full is told once, and brings no starts', () => {
    const pending = pendingFrames({ frames: [toolInput] });
    drop(pending, 'log-full', textStart, textDelta);
    expect(entriesOf(pending)).toEqual([gap(1, 2, 'log-full', full)]);
    pending.shift(2);
    drop(pending, 'log-full', textDelta, textDelta);
    // Nothing to tell, so nothing to send: however much is dropped, the log does not grow.
    expect(pending.hasWork(false)).toBe(false);
    expect(entriesOf(pending)).toEqual([]);
    push(pending, frame(5));
    expect(entriesOf(pending)).toEqual([gap(3, 4, 'log-full'), entry(5, frame(5))]);
    drop(pending, 'log-full', toolOutput);
    push(pending, frame(7));
    const error = json({
      type: 'tool-output-error',
      toolCallId: 'c',
      errorText: gapMessage('log-full'),
    });
    expect(entriesOf(pending).slice(2)).toEqual([gap(6, 6, 'log-full', error), entry(7, frame(7))]);
  });
});

describe('the frames that settle a task', () => {
  it('go in one call with the rest, behind everything else', () => {
    const pending = pendingFrames();
    push(pending, frame(0));
    pending.settle([frame(1), frame(2)]);
    expect(pending.batch(false)).toEqual({
      entries: [entry(0, frame(0)), entry(1, frame(1), frame(2))],
      isLast: true,
    });
    expect(pending.next).toBe(3);
  });

  it('may be none', () => {
    const pending = pendingFrames();
    pending.settle([]);
    expect(pending.hasWork(true)).toBe(true);
    expect(pending.batch(true)).toEqual({ entries: [], isLast: true });
  });

  it('wait until the rest fits in the call', () => {
    const pending = pendingFrames();
    const frames = Array.from({ length: 6 }, (_, n) => frame(n, 60_000));
    push(pending, ...frames);
    pending.settle([frame(6)]);
    const first = pending.batch(false);
    expect([first.entries.length, first.isLast]).toEqual([5, false]);
    pending.shift(4);
    expect(pending.batch(false)).toEqual({
      entries: [entry(5, frames[5]!), entry(6, frame(6))],
      isLast: true,
    });
  });

  it('stay together, however large they are', () => {
    const pending = pendingFrames();
    push(pending, frame(0, 250_000));
    pending.settle([textEnd, frame(2, 200_000), frame(3, 200_000)]);
    const { entries, isLast } = pending.batch(false);
    expect(entries.at(-1)).toMatchObject({ last: 3 });
    expect(isLast).toBe(true);
  });

  it('come after a gap, and do not end what was opened in it', () => {
    const pending = pendingFrames({ frames: [toolInput] });
    drop(pending, 'storage-away', textStart, toolOutput);
    pending.settle([textEnd, frame(4), frame(5)]);
    const errorText = gapMessage('storage-away');
    const error = json({ type: 'tool-output-error', toolCallId: 'c', errorText });
    expect(pending.batch(true)).toEqual({
      entries: [
        gap(1, 2, 'storage-away', error, away),
        gap(3, 3, 'log-full'),
        entry(4, frame(4), frame(5)),
      ],
      isLast: true,
    });
  });

  it('come after a gap that has no room to tell of itself, since it brings all that was dropped', () => {
    const pending = pendingFrames({ frames: [textStart] });
    drop(pending, 'storage-away', textEnd);
    pending.settle([frame(2)]);
    expect(pending.batch(true).entries).toEqual([
      gap(1, 1, 'storage-away', textEnd),
      entry(2, frame(2)),
    ]);
  });
});

describe('a log that has lost its end', () => {
  it('gets a gap with the starts that were in it', () => {
    const pending = pendingFrames({ frames: [frame(0)] });
    push(pending, textStart, frame(2), frame(3));
    expect(entriesOf(pending)).toHaveLength(1);
    pending.shift(3);
    push(pending, textDelta);
    pending.lose(0);
    expect(entriesOf(pending)).toEqual([
      gap(1, 3, 'storage-lost', textStart, lost),
      entry(4, textDelta),
    ]);
    expect(pending.first).toBe(1);
    pending.shift(3);
    expect([pending.first, pending.length]).toEqual([4, textDelta.length]);
  });

  it('gets no starts that it has', () => {
    const pending = pendingFrames({ frames: [textStart, frame(1), frame(2)] });
    pending.lose(0);
    expect(entriesOf(pending)).toEqual([gap(1, 2, 'storage-lost', lost)]);
  });

  it('may have lost starts only, which are no gap', () => {
    const pending = pendingFrames({ frames: [frame(0), textStart] });
    pending.lose(0);
    expect(entriesOf(pending)).toEqual([gap(1, 1, 'storage-lost', textStart)]);
  });
});

describe('too much', () => {
  it('is shed from the end, where nothing was sent', () => {
    const pending = pendingFrames();
    const frames = Array.from({ length: 10 }, (_, n) => frame(n, 60_000));
    push(pending, ...frames, textStart);
    expect(entriesOf(pending)).toHaveLength(5);
    pending.shed(100_000);
    expect(pending.length).toBeLessThan(310_000);
    expect([pending.first, pending.next, pending.dropping]).toEqual([0, 11, 'storage-away']);
    expect(entriesOf(pending, true)).toHaveLength(5);
    pending.shift(4);
    expect(entriesOf(pending)).toEqual([gap(5, 10, 'storage-away', textStart, away)]);
  });

  it('is shed together with a gap, and before the frames that settle the task', () => {
    const pending = pendingFrames();
    push(pending, frame(0, 60_000), frame(1, 60_000), textStart);
    drop(pending, 'storage-away', textDelta);
    pending.settle([textEnd, frame('end')]);
    pending.shed(70_000);
    expect(pending.batch(true)).toEqual({
      entries: [
        entry(0, frame(0, 60_000)),
        gap(1, 3, 'storage-away', away),
        gap(4, 4, 'log-full'),
        entry(5, frame('end')),
      ],
      isLast: true,
    });
    expect(pending.next).toBe(6);
  });

  it('is nothing when it fits', () => {
    const pending = pendingFrames();
    push(pending, frame(0));
    drop(pending, 'storage-away', frame(1));
    pending.shed(1_000);
    push(pending, frame(2));
    expect(entriesOf(pending)).toHaveLength(3);
  });
});

describe('a log that is begun anew', () => {
  it('goes on with what waits, behind the starts of what is open before it', () => {
    const pending = pendingFrames({ frames: [toolInput, frame(1)] });
    push(pending, textStart, frame(3));
    expect(entriesOf(pending)).toHaveLength(1);
    push(pending, frame(4));
    drop(pending, 'storage-away', frame(5), frame(6));
    expect(pending.openStarts()).toEqual([toolInput]);
    pending.restart(4);
    expect([pending.first, pending.next]).toEqual([4, 9]);
    push(pending, textEnd);
    expect(entriesOf(pending)).toEqual([
      entry(4, textStart, frame(3)),
      entry(6, frame(4)),
      gap(7, 8, 'storage-away', away),
      entry(9, textEnd),
    ]);
    pending.shift(9);
    expect([pending.first, pending.next, pending.length]).toEqual([10, 10, 0]);
    drop(pending, 'storage-away', toolOutput, frame(11));
    const errorText = gapMessage('storage-away');
    const error = json({ type: 'tool-output-error', toolCallId: 'c', errorText });
    expect(entriesOf(pending)).toEqual([gap(10, 11, 'storage-away', error, away)]);
  });

  it('knows which starts it has when it loses its end', () => {
    const pending = pendingFrames({ frames: [toolInput, frame(1)] });
    push(pending, textStart, frame(3));
    pending.restart(5);
    pending.shift(6);
    pending.lose(4);
    expect(entriesOf(pending)).toEqual([gap(5, 6, 'storage-lost', textStart, lost)]);
  });

  it('tells again that it is full', () => {
    const pending = pendingFrames();
    drop(pending, 'log-full', frame(0));
    expect(entriesOf(pending)).toEqual([gap(0, 0, 'log-full', full)]);
    pending.shift(0);
    pending.restart(3);
    drop(pending, 'log-full', frame(1));
    expect(entriesOf(pending)).toEqual([gap(3, 3, 'log-full', full)]);
  });

  it('settles as it was about to', () => {
    const pending = pendingFrames({ frames: [textStart] });
    push(pending, frame(1));
    pending.settle([textEnd, frame('end')]);
    pending.restart(3);
    expect(pending.batch(false)).toEqual({
      entries: [entry(3, frame(1)), entry(4, textEnd, frame('end'))],
      isLast: true,
    });
  });
});
