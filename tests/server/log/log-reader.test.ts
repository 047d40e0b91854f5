import type { TaskReader } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../../src/protocol/cursor';
import { createLogReader } from '../../../src/server/log/log-reader';
import { createLogWindow, type LogWindow } from '../../../src/server/log/log-window';
import { parseStoredLog, type StoredLog } from '../../../src/server/redis/scripts/stored-log';
import { receiveFrames } from '../../../src/testing/contract/reading';
import { turns } from '../../helpers/async';
import { fc } from '../../helpers/fast-check';
import { base, frameOf, gap, type Received, readFrom, start, taskId } from './model-log';

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

  it('does not wait for the end of a log that the storage has lost, once the producer is gone', async () => {
    const window = createLogWindow({ taskId, epoch: base, next: 3 });
    window.push(frameOf(0, 3));
    window.end();
    let isAlive = true;
    let asked = 0;
    const reader = createLogReader({
      window,
      // As if it had gone back to the time before the frames that follow.
      history: async (position) => {
        if (++asked === 3) isAlive = false;
        return fetchFrom([[{ size: 1, isDeleted: false }]], position, 2, 'running');
      },
      isAlive: () => isAlive,
    });
    expect(await readAll(reader)).toEqual([
      ['0-0', frameOf(0, 0)],
      ['0-2', gap],
      ['0-3', frameOf(0, 3)],
    ]);
    expect(asked).toBe(3);
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
