import type { TaskReader } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../../src/protocol/cursor';
import { createLogReader } from '../../../src/server/log/log-reader';
import { createLogWindow, type LogWindow } from '../../../src/server/log/log-window';
import { createWindowTrimmer } from '../../../src/server/log/window-trimmer';
import { parseStoredLog, type StoredLog } from '../../../src/server/redis/scripts/stored-log';
import { receiveFrames } from '../../../src/testing/contract/reading';
import { turns } from '../../helpers/async';
import { fc } from '../../helpers/fast-check';

type Received = [cursor: string, frame: string];

/** An entry of the stream, as it is written, and whether it is still there. */
interface ModelEntry {
  /** How many numbers it covers. */
  size: number;
  isDeleted: boolean;
}

/** The entries of each epoch; the last one is open. */
type ModelLog = ModelEntry[][];

interface NumberedEntry extends ModelEntry {
  epoch: number;
  first: number;
  last: number;
}

const taskId = 'task';
/** The log's first epoch; in what is expected of it they count from 0. */
const base = 59_950_785_260;
const start: Cursor = { epoch: base, n: 0 };
const gap = 'a gap';

function frameOf(epoch: number, n: number): string {
  return `frame ${epoch}-${n}`;
}

function numbered(log: ModelLog): NumberedEntry[] {
  return log.flatMap((entries, epoch) => {
    let next = 0;
    return entries.map((entry) => {
      const first = next;
      next += entry.size;
      return { ...entry, epoch, first, last: next - 1 };
    });
  });
}

function sizeOf(entries: ModelEntry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0);
}

/** One by one and from the definition: what a reader gets that wants frame `next` of an epoch. */
function expected(log: ModelLog, from: Cursor): Received[] {
  const received: Received[] = [];
  for (const [epoch, entries] of log.entries()) {
    if (epoch < from.epoch) continue;
    const isMissing = entries.flatMap(({ size, isDeleted }) =>
      Array.from({ length: size }, () => isDeleted),
    );
    for (let n = epoch === from.epoch ? from.n : 0; n < isMissing.length; n++) {
      if (!isMissing[n]) received.push([`${epoch}-${n}`, frameOf(epoch, n)]);
      else if (!isMissing[n + 1]) received.push([`${epoch}-${n}`, gap]);
    }
  }
  return received;
}

/** A reader that wants what follows a place. */
function readFrom({ epoch, n }: Cursor) {
  return { cursor: { epoch: base + epoch, n: n - 1 } };
}

/** What the `read` script answers, `count` entries at a time. */
function fetchFrom(
  log: ModelLog,
  { epoch: from, n: next }: Cursor,
  count: number,
  status: string,
): StoredLog {
  const epoch = from - base;
  const wanted = numbered(log).filter(
    (entry) =>
      !entry.isDeleted && (entry.epoch > epoch || (entry.epoch === epoch && entry.last >= next)),
  );
  const open = log.length - 1;
  const epochs = ['first', base, 'epoch', base + open, 'end', sizeOf(log[open]!) - 1];
  const meta = ['status', status, ...epochs, 'owner', ''];
  const endOf = log
    .slice(0, -1)
    .flatMap((entries, of) => [`endOf${base + of}`, sizeOf(entries) - 1]);
  const entries = wanted.slice(0, count).map((entry) => {
    const frames = Array.from({ length: entry.size }, (_, index) =>
      frameOf(entry.epoch, entry.first + index),
    );
    const fields = ['a', String(entry.first), 'd', frames.join('\n')];
    return [`${base + entry.epoch}-${entry.last + 1}`, fields];
  });
  const hasMore = wanted.length > count || (wanted.length === count && count > 1);
  const stored = parseStoredLog([
    [...meta, ...endOf].map(String),
    500,
    1_000,
    hasMore ? 1 : 0,
    entries,
  ]);
  return stored!;
}

/** A window that has the frames from a position on at hand, as a process that followed so long. */
function tailFrom(log: ModelLog, kept: number): LogWindow {
  const open = log.length - 1;
  const end = sizeOf(log[open]!);
  const start = Math.max(0, end - kept);
  const closedEpochs = new Map(
    log.slice(0, -1).map((entries, epoch) => [base + epoch, sizeOf(entries)]),
  );
  const at = { firstEpoch: base, epoch: base + open, next: start };
  const window = createLogWindow({ taskId, ...at, closedEpochs });
  for (let n = start; n < end; n++) window.push(frameOf(open, n));
  return window;
}

async function readAll(reader: TaskReader): Promise<Received[]> {
  const received = await receiveFrames(reader);
  return received.map(({ epoch, n, data }) => [
    `${epoch - base}-${n}`,
    data.includes('"code":"gap"') ? gap : data,
  ]);
}

const entryArbitrary: fc.Arbitrary<ModelEntry> = fc.record({
  size: fc.integer({ min: 1, max: 4 }),
  isDeleted: fc.boolean(),
});

const logArbitrary: fc.Arbitrary<ModelLog> = fc.array(
  fc.array(entryArbitrary, { minLength: 0, maxLength: 6 }),
  { minLength: 1, maxLength: 3 },
);

describe('a reader of a stored log', () => {
  it('gets what follows its cursor, and one gap for whatever is missing in a row', async () => {
    await fc.assert(
      fc.asyncProperty(
        logArbitrary,
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        async (log, pageSize, isInitial) => {
          const positions = log.flatMap((entries, epoch) =>
            Array.from({ length: sizeOf(entries) + 1 }, (_, n) => ({ epoch, n })),
          );
          for (const position of positions) {
            const window = tailFrom(log, 0);
            window.end();
            const fetch = (from: Cursor) => fetchFrom(log, from, pageSize, 'completed');
            const from = readFrom(position);
            const at = { epoch: from.cursor.epoch, n: position.n };
            const reader = createLogReader({
              window,
              from,
              initial: isInitial ? fetch(at) : undefined,
              history: async (from) => fetch(from),
              isAlive: () => false,
            });
            expect(await readAll(reader)).toEqual(expected(log, position));
            reader.close();
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('gets what its process has at hand even where the log has lost it', async () => {
    await fc.assert(
      fc.asyncProperty(
        logArbitrary,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        async (log, pageSize, kept, isInitial) => {
          const open = log.length - 1;
          const handFrom = Math.max(0, sizeOf(log[open]!) - kept);
          const positions = log.flatMap((entries, epoch) =>
            Array.from({ length: sizeOf(entries) + 1 }, (_, n) => ({ epoch, n })),
          );
          for (const position of positions) {
            const window = tailFrom(log, kept);
            window.end();
            const fetch = (from: Cursor) => fetchFrom(log, from, pageSize, 'completed');
            const from = readFrom(position);
            const at = { epoch: from.cursor.epoch, n: position.n };
            const reader = createLogReader({
              window,
              from,
              initial: isInitial ? fetch(at) : undefined,
              history: async (from) => fetch(from),
              isAlive: () => false,
            });
            const atHand = log.map((entries, epoch) =>
              epoch < open ? entries : restoreFrom(entries, handFrom),
            );
            expect(await readAll(reader)).toEqual(expected(atHand, position));
            reader.close();
          }
        },
      ),
      { numRuns: 120 },
    );
  });
});

/** Entries cut at a number, behind which nothing is deleted. */
function restoreFrom(entries: ModelEntry[], at: number): ModelEntry[] {
  let next = 0;
  return entries.flatMap((entry) => {
    const first = next;
    next += entry.size;
    const before = Math.max(0, Math.min(entry.size, at - first));
    return [
      { ...entry, size: before },
      { ...entry, size: entry.size - before, isDeleted: false },
    ].filter(({ size }) => size > 0);
  });
}

/** What happens to a task and its readers in one process. */
type Step =
  | { kind: 'write'; count: number; length: number }
  | { kind: 'store' }
  /** Somebody else closes the epoch; what was not stored is not part of the log. */
  | { kind: 'close' }
  | { kind: 'attach'; back: number }
  | { kind: 'read'; reader: number }
  | { kind: 'leave'; reader: number };

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      count: fc.integer({ min: 1, max: 5 }),
      length: fc.constantFrom(10, 1_000, 60_000, 300_000),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'store' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'close' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('attach' as const), back: fc.nat(30) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), reader: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), reader: fc.nat(5) }) },
);

interface Attached {
  reader: TaskReader;
  from: Cursor;
  got: string[];
  /** Set while it waits for more. */
  reading: Promise<void> | undefined;
  /** What it had that then turned out not to be stored. */
  early: Set<string>;
}

describe('the readers of a process', () => {
  it('miss nothing of the log, however much of it is forgotten meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60 }), async (steps) => {
        const window = createLogWindow({ taskId, epoch: base });
        const trimmer = createWindowTrimmer(window);
        const log: string[][] = [[]];
        let stored = 0;
        let attached: Attached[] = [];
        const open = () => log.at(-1)!;
        const write = (length: number) => {
          const frame = `${log.length - 1}-${open().length} ${'x'.repeat(length)}`;
          open().push(frame);
          window.push(frame);
          trimmer.trim(stored);
        };
        const store = () => {
          stored = open().length;
          trimmer.trim(stored);
        };
        const fetchLog = async ({ epoch: at, n: next }: Cursor): Promise<StoredLog> => {
          const all = log.flatMap((frames, of) =>
            frames.slice(0, of === log.length - 1 ? stored : frames.length).map((frame, n) => ({
              epoch: base + of,
              offset: n,
              frames: [frame],
              length: frame.length,
            })),
          );
          const wanted = all.filter(
            (entry) => entry.epoch > at || (entry.epoch === at && entry.offset >= next),
          );
          const closedEpochs = new Map(
            log.slice(0, -1).map(({ length }, of) => [base + of, length]),
          );
          const open = base + log.length - 1;
          return {
            record: { ...record, epoch: open, end: stored - 1, closedEpochs },
            leaseLeftMs: 500,
            now: 1_000,
            frames: wanted.slice(0, 3),
            hasMore: wanted.length > 3,
          };
        };
        const readOn = async (one: Attached) => {
          const { value: range } = await one.reader.next();
          one.reading = undefined;
          if (!range) return;
          const { data, offset, start, end } = range;
          one.got.push(...data.slice(start - offset, end - offset));
        };
        const perform = async (step: Step) => {
          if (step.kind === 'write') {
            for (let count = 0; count < step.count; count++) write(step.length);
          } else if (step.kind === 'store') {
            store();
          } else if (step.kind === 'close') {
            const dropped = open().splice(stored);
            for (const { got, early } of attached) {
              for (const frame of dropped) if (got.includes(frame)) early.add(frame);
            }
            window.openEpoch({ end: stored, next: 0 });
            log.push([]);
            stored = 0;
          } else if (step.kind === 'attach') {
            const epoch = Math.max(0, log.length - 1 - (step.back % 3));
            const from = { epoch, n: Math.max(0, log[epoch]!.length - step.back) };
            const reader = createLogReader({
              window,
              from: readFrom(from),
              history: fetchLog,
            });
            attached.push({ reader, from, got: [], reading: undefined, early: new Set() });
          }
          const one = 'reader' in step && attached[step.reader % attached.length];
          if (one && step.kind === 'read') {
            one.reading ??= readOn(one);
            await turns(2);
          } else if (one) {
            one.reader.close();
            attached = attached.filter((other) => other !== one);
          }
        };

        write(10);
        store();
        for (const step of steps) {
          await perform(step);
          window.wake();
        }
        store();
        window.end();
        window.wake();
        for (const one of attached) {
          while (one.reading || !one.reader.isEnded) await (one.reading ?? readOn(one));
          one.reader.close();
          const wanted = log.flatMap((frames, epoch) =>
            epoch < one.from.epoch ? [] : frames.slice(epoch === one.from.epoch ? one.from.n : 0),
          );
          const got = one.got.filter((frame) => !one.early.has(frame));
          expect(got.map(nameOf)).toEqual(wanted.map(nameOf));
        }
        expect(window.readers.size).toBe(0);
        expect(window.waiters.size).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});

function nameOf(frame: string): string {
  return frame.slice(0, frame.indexOf(' '));
}

const record = {
  status: 'running' as const,
  firstEpoch: base,
  owner: undefined,
  name: undefined,
  chatId: undefined,
  createdAt: 1,
  settledAt: undefined,
  leaseMs: 1_000,
  cancel: undefined,
  isUnsaved: false,
};

describe('a reader that waits', () => {
  const wait = (fetchLog: (position: Cursor) => Promise<StoredLog | undefined>) => {
    const window = createLogWindow({ taskId, epoch: base, next: 1 });
    const reader = createLogReader({
      window,

      history: fetchLog,
    });
    return { window, reader };
  };
  const page = fetchFrom([[{ size: 1, isDeleted: false }]], start, 2, 'running');

  it('is done waiting when it is closed, however long the storage takes', async () => {
    const { window, reader } = wait(() => new Promise(() => {}));
    const waiting = [reader.next(), reader.next()];
    await turns();
    reader.close();
    const ended = { value: undefined, done: true };
    expect(await Promise.all(waiting)).toEqual([ended, ended]);
    expect(reader.isEnded).toBe(true);
    expect([window.readers.size, window.waiters.size]).toEqual([0, 0]);
  });

  it('takes no notice of what it is given after it was closed', async () => {
    let give = (_log: StoredLog) => {};
    const { reader } = wait(() => new Promise((resolve) => (give = resolve)));
    const waiting = reader.next();
    reader.close();
    give(page);
    expect(await waiting).toMatchObject({ done: true });
    await turns();
    expect(reader.take()).toBeUndefined();
  });

  it('asks a storage again that was away', async () => {
    let asked = 0;
    const { reader } = wait(async () => {
      asked += 1;
      if (asked < 3) throw new Error('away');
      return page;
    });
    expect(await reader.next()).toMatchObject({ value: { start: 0, end: 1, isReplay: true } });
    expect(asked).toBe(3);
    reader.close();
  });

  it('asks once, however many wait and however often they are woken', async () => {
    let asked = 0;
    let give = (_log: StoredLog) => {};
    const { window, reader } = wait(() => {
      asked += 1;
      return new Promise((resolve) => (give = resolve));
    });
    const waiting = [reader.next(), reader.next()];
    window.push('frame 0-1');
    window.wake();
    await turns();
    waiting.push(reader.next());
    give(page);
    await turns();
    window.end();
    window.wake();
    expect(await Promise.all(waiting)).toMatchObject([
      { value: { start: 0, end: 1 } },
      { value: { start: 1, end: 2 } },
      { done: true },
    ]);
    expect(asked).toBe(1);
    reader.close();
  });

  it('ends when its process does not expect the log any more', async () => {
    const window = createLogWindow({ taskId, epoch: base, next: 1 });
    let isGone = false;
    const reader = createLogReader({
      window,
      from: { cursor: { epoch: base, n: 0 } },
      history: async () => undefined,
      isGone: () => isGone,
    });
    const waiting = reader.next();
    isGone = true;
    window.wake();
    expect(await waiting).toMatchObject({ done: true });
    expect(reader.isEnded).toBe(true);
    reader.close();
  });
});

describe('the readers of a process whose task is started again, and again', () => {
  const runArbitrary = fc.record({
    /** How far its epoch lies above the one before. */
    jump: fc.integer({ min: 1, max: 10_000_000_000 }),
    /** Frames that are there when it takes the place of the one before, and that come then. */
    before: fc.integer({ min: 1, max: 5 }),
    after: fc.nat(5),
    /** How many turns go by, and which readers come, with which of the cursors so far. */
    turns: fc.nat(3),
    cursors: fc.array(fc.nat(30), { maxLength: 3 }),
    /** Whether this process has the frames at hand that come. */
    isAtHand: fc.boolean(),
  });

  it('get one run after the other, each from its start and behind a gap, and all of the last (R-CURSOR-9)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(runArbitrary, { minLength: 1, maxLength: 5 }), async (runs) => {
        let epoch = base;
        let size = 0;
        const window = createLogWindow({ taskId, epoch, next: 0 });
        const cursors: { epoch: number; n: number }[] = [];
        const sizes = new Map<number, number>();
        const readings: {
          cursor: string | undefined;
          reader: TaskReader;
          done: Promise<Received[]>;
        }[] = [];
        const grow = (count: number) => {
          for (let grown = 0; grown < count; grown++) cursors.push({ epoch, n: size++ });
          sizes.set(epoch, size);
        };
        // As of when it was asked for: it may come when another run has begun.
        const fetchLog = async ({ epoch: at, n: next }: Cursor): Promise<StoredLog> => {
          const [of, count] = [epoch, size];
          await turns(2);
          const first = of > at ? 0 : next;
          const frames = Array.from({ length: Math.max(0, count - first) }, (_, index) => ({
            epoch: of,
            offset: first + index,
            frames: [frameOf(of, first + index)],
            length: 10,
          }));
          const found = of < at ? [] : frames.slice(0, 2);
          return {
            record: {
              ...record,
              firstEpoch: of,
              epoch: of,
              end: count - 1,
              closedEpochs: new Map(),
            },
            leaseLeftMs: 500,
            now: 1_000,
            frames: found,
            hasMore: of >= at && frames.length > 2,
          };
        };
        const attach = (cursor: { epoch: number; n: number } | undefined) => {
          const reader = createLogReader({
            window,
            from: { cursor },
            history: fetchLog,
          });
          const shown = cursor && `${cursor.epoch}-${cursor.n}`;
          readings.push({ cursor: shown, reader, done: readRuns(reader) });
        };

        for (const run of runs) {
          epoch += run.jump;
          size = 0;
          grow(run.before);
          window.changeLog(epoch);
          window.skipTo(size);
          window.wake();
          attach(undefined);
          for (const index of run.cursors) attach(cursors[index % cursors.length]);
          await turns(run.turns);
          for (let count = 0; count < run.after; count++) {
            grow(1);
            if (run.isAtHand) window.push(frameOf(epoch, size - 1));
            else window.skipTo(size);
            window.wake();
            await turns(run.turns);
          }
        }
        window.end();
        window.wake();
        for (const { cursor, reader, done } of readings) {
          const received = await done;
          expect(reader.isCut).toBe(false);
          reader.close();
          let last = cursor;
          let isTold = false;
          for (const [at, frame] of received) {
            if (frame === gap) {
              expect(at).toBe(last);
              isTold = true;
              continue;
            }
            const [of = 0, n = 0] = at.split('-').map(Number);
            const [lastOf, lastN = -1] = last?.split('-').map(Number) ?? [];
            expect(frame).toBe(frameOf(of, n));
            // Within one run nothing is left out; another begins behind a gap, from its start.
            const isSame = of === lastOf;
            expect(n).toBe(isSame ? lastN + 1 : 0);
            expect(isTold).toBe(!isSame && last !== undefined);
            last = at;
            isTold = false;
          }
          expect(last).toBe(`${epoch}-${size - 1}`);
        }
        expect(window.readers.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  async function readRuns(reader: TaskReader): Promise<Received[]> {
    const received = await receiveFrames(reader);
    return received.map(({ epoch, n, data }) => [
      `${epoch}-${n}`,
      data.includes('another-log') ? gap : data,
    ]);
  }
});
