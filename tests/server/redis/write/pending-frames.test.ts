import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../../src/server/redis/scripts/stored-task';
import { createPendingFrames } from '../../../../src/server/redis/write/create-pending-frames';
import { fc } from '../../../helpers/fast-check';

function pendingFrames({ frames = [] }: { frames?: string[] } = {}) {
  return createPendingFrames({ frames, next: frames.length });
}

type Pending = ReturnType<typeof pendingFrames>;

function frame(n: number | string, length = 0): string {
  return JSON.stringify({ type: 'data-n', data: n, ...(length && { x: 'x'.repeat(length) }) });
}

const json = JSON.stringify;
const textStart = json({ type: 'text-start', id: 't' });
const textDelta = json({ type: 'text-delta', id: 't', delta: 'a' });
const textEnd = json({ type: 'text-end', id: 't' });
const otherStart = json({ type: 'text-start', id: 'other' });
const toolInput = json({ type: 'tool-input-available', toolCallId: 'c', toolName: 'x', input: 1 });
const toolOutput = json({ type: 'tool-output-available', toolCallId: 'c', output: 1 });
const toolError = json({ type: 'tool-output-error', toolCallId: 'c', errorText: 'Lost.' });
const everything = Number.POSITIVE_INFINITY;
const nothing = Number.NEGATIVE_INFINITY;

function push(pending: Pending, ...frames: string[]): void {
  for (const each of frames) pending.push(each, everything);
}

/** Adds frames for which there is no room. */
function drop(pending: Pending, ...frames: string[]): void {
  for (const each of frames) pending.push(each, 0);
}

function begin(pending: Pending, head: string[], last: number): readonly string[] {
  return pending.beginEpoch({ head, errorText: 'Lost.', last });
}

function entry(first: number, ...frames: string[]): Entry {
  return { first, last: first + frames.length - 1, text: frames.join('\n') };
}

const entriesOf = (pending: Pending) => pending.batch().entries;

describe('what waits', () => {
  it('is numbered on from what is stored', () => {
    const pending = pendingFrames({ frames: [frame(0), frame(1)] });
    expect([pending.first(), pending.next(), pending.length()]).toEqual([2, 2, 0]);
    expect(entriesOf(pending)).toEqual([]);
    push(pending, frame(2), frame(3));
    expect([pending.first(), pending.next()]).toEqual([2, 4]);
    expect(pending.length()).toBe(frame(2).length + frame(3).length);
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
    expect(pending.batch()).toEqual({
      entries: frames.slice(0, 5).map((each, n) => entry(n, each)),
      isAll: false,
    });
    pending.shift(4);
    expect(entriesOf(pending)[0]).toEqual(entry(5, frames[5]!));
    pending.shift(8);
    expect(pending.batch()).toMatchObject({ isAll: true });
  });

  it('goes in calls of a limited number of entries', () => {
    const pending = pendingFrames();
    for (let n = 0; n < 10_000; n++) {
      push(pending, frame(n));
      // What was sent does not grow.
      pending.batch(n);
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
    expect([pending.first(), pending.next()]).toEqual([2, 4]);
    pending.shift(3);
    expect([pending.first(), pending.next(), pending.length()]).toEqual([4, 4, 0]);
  });

  it('loses nothing when the log is behind, or told where it ends twice', () => {
    const pending = pendingFrames();
    push(pending, frame(0), frame(1), frame(2));
    pending.shift(-1);
    expect(entriesOf(pending)).toEqual([entry(0, frame(0), frame(1), frame(2))]);
    // The log holds a part of it only.
    pending.shift(0);
    pending.shift(0);
    expect(entriesOf(pending)).toEqual([entry(1, frame(1), frame(2))]);
    expect(pending.length()).toBe(frame(1).length + frame(2).length);
  });

  it('begins where it is asked to', () => {
    const pending = pendingFrames();
    push(pending, frame(0));
    entriesOf(pending);
    push(pending, frame(1));
    expect(pending.batch(1).entries).toEqual([entry(1, frame(1))]);
    expect(pending.batch(2).entries).toEqual([]);
  });
});

describe('where there is no room', () => {
  it('a frame and all that follow it are dropped, until the next epoch', () => {
    const pending = pendingFrames();
    push(pending, frame(0));
    pending.push(frame(1), frame(0).length);
    push(pending, frame(2));
    expect(entriesOf(pending)).toEqual([entry(0, frame(0))]);
    expect([pending.isDropping(), pending.isEpochDue(), pending.next()]).toEqual([true, false, 3]);
    pending.shift(0);
    expect([pending.isDropping(), pending.isEpochDue()]).toEqual([true, true]);
    expect(begin(pending, [frame('head')], everything)).toEqual([frame('head')]);
    push(pending, frame(3));
    expect([pending.isDropping(), pending.isEpochDue()]).toEqual([false, false]);
    expect(entriesOf(pending)).toEqual([entry(0, frame('head')), entry(1, frame(3))]);
    pending.shift(1);
    expect([pending.first(), pending.next(), pending.storedCount()]).toEqual([2, 2, 4]);
  });

  it('the newest frames go, but for those that were sent', () => {
    const pending = pendingFrames();
    const frames = Array.from({ length: 10 }, (_, n) => frame(n, 60_000));
    push(pending, ...frames, textStart);
    expect(entriesOf(pending)).toHaveLength(5);
    pending.shed(100_000);
    expect(pending.length()).toBeLessThan(310_000);
    expect([pending.first(), pending.next(), pending.isDropping()]).toEqual([0, 11, true]);
    pending.shift(4);
    expect(begin(pending, [], everything)).toEqual([textStart]);
  });

  it('frames are kept again once there is, behind what still waits, for the next epoch', () => {
    const pending = pendingFrames();
    push(pending, frame(0));
    drop(pending, textStart);
    pending.resume();
    push(pending, textDelta, frame(3));
    expect([pending.isDropping(), pending.isEpochDue()]).toEqual([false, false]);
    expect(pending.batch()).toEqual({ entries: [entry(0, frame(0))], isAll: false });
    pending.shift(0);
    expect(pending.isEpochDue()).toBe(true);
    expect(begin(pending, [frame('head')], everything)).toEqual([frame('head'), textStart]);
    expect(pending.batch()).toEqual({
      entries: [entry(0, frame('head'), textStart), entry(2, textDelta, frame(3))],
      isAll: true,
    });
  });

  it('frames that were kept again are dropped with the others where there is none once more', () => {
    for (const loseAgain of [
      (pending: Pending) => drop(pending, textDelta),
      (pending: Pending) => {
        push(pending, textDelta);
        pending.shed(0);
      },
    ]) {
      const pending = pendingFrames();
      push(pending, frame(0));
      expect(entriesOf(pending)).toHaveLength(1);
      drop(pending, textStart);
      pending.resume();
      push(pending, textDelta);
      loseAgain(pending);
      expect(pending.isDropping()).toBe(true);
      expect(entriesOf(pending)).toEqual([entry(0, frame(0))]);
      pending.resume();
      push(pending, textEnd);
      pending.shift(0);
      begin(pending, [frame('head')], everything);
      expect(entriesOf(pending)).toEqual([entry(0, frame('head'), textStart), entry(2, textEnd)]);
    }
  });

  it('nothing is dropped that fits', () => {
    const pending = pendingFrames();
    push(pending, frame(0), frame(1));
    pending.shed(1_000);
    expect(pending.isDropping()).toBe(false);
    expect(entriesOf(pending)).toHaveLength(1);
  });
});

describe('an epoch', () => {
  it('brings what its readers lack: ends of parts that they have, and starts of others', () => {
    const pending = pendingFrames({ frames: [textStart, toolInput] });
    drop(pending, textEnd, toolOutput, otherStart, textStart);
    expect(begin(pending, [frame('head')], everything)).toEqual([
      frame('head'),
      textEnd,
      toolError,
      otherStart,
      textStart,
    ]);
  });

  it('brings no starts of parts that its readers have, or that have ended', () => {
    const pending = pendingFrames({ frames: [textStart, toolInput] });
    drop(pending, otherStart, otherStart.replace('start', 'end'), textDelta);
    expect(begin(pending, [], everything)).toEqual([]);
  });

  it('brings all starts where the storage has no log, and then what waits', () => {
    const pending = pendingFrames({ frames: [toolInput, frame(1)] });
    push(pending, textStart, frame(3));
    entriesOf(pending);
    push(pending, frame(4));
    expect(begin(pending, [frame('head')], nothing)).toEqual([frame('head'), toolInput]);
    push(pending, textEnd);
    expect([pending.first(), pending.next()]).toEqual([0, 6]);
    expect(entriesOf(pending)).toEqual([
      entry(0, frame('head'), toolInput),
      entry(2, textStart, frame(3)),
      entry(4, frame(4), textEnd),
    ]);
  });

  it('brings the starts that the log has lost, and no others', () => {
    const pending = pendingFrames({ frames: [toolInput, frame(1)] });
    push(pending, textStart, frame(3));
    pending.shift(3);
    push(pending, textDelta);
    expect(begin(pending, [frame('head')], 1)).toEqual([frame('head'), textStart]);
    expect(entriesOf(pending)).toEqual([entry(0, frame('head'), textStart), entry(2, textDelta)]);
    pending.shift(2);
    // They are in the log now, whichever epoch brought them.
    push(pending, otherStart, frame(5));
    pending.shift(4);
    expect(begin(pending, [], 2)).toEqual([otherStart]);
  });

  it('that was not stored makes room for the next', () => {
    const pending = pendingFrames({ frames: [toolInput] });
    drop(pending, textStart);
    begin(pending, [frame('head')], everything);
    push(pending, textDelta);
    expect(begin(pending, [frame('other')], nothing)).toEqual([
      frame('other'),
      toolInput,
      textStart,
    ]);
    expect(entriesOf(pending)).toEqual([
      entry(0, frame('other'), toolInput, textStart),
      entry(3, textDelta),
    ]);
  });

  it('goes on with what waits, and leaves what was dropped behind that to another', () => {
    const pending = pendingFrames();
    push(pending, frame(0));
    drop(pending, textStart);
    begin(pending, [frame('lost')], nothing);
    expect(entriesOf(pending)).toEqual([entry(0, frame('lost')), entry(1, frame(0))]);
    pending.shift(1);
    expect(pending.isEpochDue()).toBe(true);
    expect(begin(pending, [frame('away')], everything)).toEqual([frame('away'), textStart]);
  });
});

/** What happens to a log: its producer writes about a part, or calls a storage that is there or not. */
type Step =
  | { kind: 'write'; part: number; goesOn: boolean; length: number }
  | { kind: 'call'; ends: 'well' | 'unanswered' | 'unheard' }
  | { kind: 'empty' };

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      part: fc.nat(4),
      goesOn: fc.boolean(),
      length: fc.constantFrom(1, 60_000, 100_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      ends: fc.constantFrom('well' as const, 'unanswered' as const, 'unheard' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'empty' as const }) },
);

/** A chunk's type, and the part that it is about. */
const partPattern = /^\{"type":"([^"]+)"(?:,"(?:id|toolCallId)":"([^"]+)")?/;

/** Takes a reader, whom nothing may surprise, further: which parts are open for it then. */
function readOn(open: Set<string>, frames: readonly string[]): Set<string> {
  for (const each of frames) {
    const [, type = '', part] = partPattern.exec(each) ?? [];
    if (part === undefined) continue;
    if (type === 'text-start' || type === 'tool-input-available') open.add(part);
    else if (!open.has(part)) throw new Error(`${type} of ${part}, which is not open`);
    else if (type !== 'text-delta') open.delete(part);
  }
  return open;
}

it('can be followed by whoever reads all that is stored, whatever happens', () => {
  const room = 400_000;
  fc.assert(
    fc.property(fc.array(stepArbitrary, { minLength: 30, maxLength: 120 }), (steps) => {
      const pending = pendingFrames();
      const open = new Set<string>();
      // What the storage has: frames by epoch.
      let epochs: string[][] = [[]];
      let epoch = 0;
      let isEmptied = false;
      let isAway = false;

      const begin = (name: string, last: number) => {
        const head = [json({ type: name })];
        const begun = pending.beginEpoch({ head, errorText: 'Lost.', last });
        epoch++;
        return begun;
      };
      const store = (first: number, frames: readonly string[]) => {
        while (epochs.length <= epoch) epochs.push([]);
        const log = epochs[epoch] ?? [];
        expect(first).toBeLessThanOrEqual(log.length);
        log.push(...frames.slice(log.length - first));
      };
      const call = (ends: 'well' | 'unanswered' | 'unheard') => {
        isAway = ends !== 'well';
        if (isEmptied && ends === 'well') {
          pending.resume();
          epochs = [];
          const begun = begin('data-lost', nothing);
          store(0, begun);
          pending.shift(begun.length - 1);
          isEmptied = false;
          return;
        }
        const { entries } = pending.batch();
        if (ends !== 'unheard' && !isEmptied) {
          for (const { first, text } of entries) store(first, text.split('\n'));
        }
        if (isAway) return pending.shed(room);
        pending.shift(entries.at(-1)?.last ?? -1);
        pending.resume();
        if (pending.isEpochDue()) begin('data-away', everything);
      };
      const write = (n: number, goesOn: boolean, length: number) => {
        const isCall = n > 2;
        const name = isCall ? { toolCallId: `call ${n}` } : { id: `text ${n}` };
        const types = isCall
          ? ['tool-input-available', 'tool-output-available']
          : ['text-start', goesOn ? 'text-delta' : 'text-end'];
        const isOpen = open.has(Object.values(name)[0] ?? '');
        const each = json({ type: types[isOpen ? 1 : 0], ...name, x: 'x'.repeat(length) });
        readOn(open, [each]);
        pending.push(each, isAway ? room : everything);
      };

      for (const step of steps) {
        if (step.kind === 'write') write(step.part, step.goesOn, step.length);
        else if (step.kind === 'call') call(step.ends);
        else isEmptied = true;
      }
      for (let calls = 0; calls < 3 || pending.length() > 0; calls++) call('well');
      expect(readOn(new Set(), epochs.flat())).toEqual(open);
    }),
    { numRuns: 100 },
  );
});
