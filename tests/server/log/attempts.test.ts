// The log of a task that is attempted again, against the model of it in tests/helpers/attempts.ts.
import { createFrameLog, type FrameLog, type TaskReader } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import { type Cursor, formatCursor, parseCursor } from '../../../src/protocol/cursor';
import type { LogPart } from '../../../src/server/log/log-part';
import { createLogReader } from '../../../src/server/log/log-reader';
import { createLogWindow } from '../../../src/server/log/log-window';
import { takeOver } from '../../../src/server/log/take-over';
import { voidsOf } from '../../../src/server/log/void-frames';
import { type AttemptsLog, attemptsLog, work } from '../../helpers/attempts';
import { taskId } from '../../helpers/recording';

/** Every place at which one, two or three attempts can be lost. */
function* schedules(): Generator<number[]> {
  const starts = work.flatMap(({ type }, n) => (type === 'data-task-checkpoint' ? [n + 1] : []));
  const beginAfter = (end: number) => starts.filter((start) => start <= end).at(-1) ?? 0;
  for (let first = 0; first <= work.length; first++) {
    yield [first];
    if (first % 5 > 0) continue;
    for (let second = beginAfter(first); second <= work.length; second += 7) {
      yield [first, second];
      yield [first, second, Math.max(beginAfter(second), work.length - (first % 7))];
    }
  }
}

const epochOf = (cursor: string) => Number(cursor.split('-')[0]);
const cursorAt = (cursor: string) => parseCursor(cursor) as Cursor;

/** Writes the log of the model; `onFrame` is called after each frame that is there. */
function writeLog(lostAt: readonly number[], onFrame: (log: FrameLog, count: number) => void) {
  const model = attemptsLog(lostAt);
  const log = createFrameLog({ taskId, epoch: 1 });
  let head: string[] | undefined;
  model.frames.forEach(({ cursor, chunk }, index) => {
    const epoch = epochOf(cursor);
    const data = JSON.stringify(chunk);
    if (epoch > log.epoch) {
      // What stayed when this attempt began: a later one may have made more of it void.
      const before = attemptsLog(lostAt.slice(0, epoch - 1)).frames.slice(0, index - 1);
      const last = before.filter(({ isVoid }) => !isVoid).at(-1)?.cursor ?? '';
      // The first two frames of an attempt come at once.
      if (!head) head = [data];
      else {
        log.rewind(cursorAt(last), [...head, data]);
        head = undefined;
      }
      if (head) return;
    } else log.append(data);
    expect(log.cursor).toBe(cursor);
    onFrame(log, index + 1);
  });
  log.end();
  return { log, model };
}

/** What a reader gives at once. */
function takeAll(reader: TaskReader): [cursor: string, data: string][] {
  const taken: [string, string][] = [];
  for (let range = reader.take(); range; range = reader.take()) {
    for (let n = range.start; n < range.end; n++) {
      taken.push([formatCursor(range.epoch, n), range.data[n - range.offset] ?? '']);
    }
  }
  return taken;
}

const framesOf = (frames: AttemptsLog['frames']) =>
  frames.map(({ cursor, chunk }) => [cursor, JSON.stringify(chunk)]);

it('gives a reader with any cursor what follows that is not void (R-CURSOR-3, R-CURSOR-6, R-ATTEMPT-3)', () => {
  for (const lostAt of schedules()) {
    const { log, model } = writeLog(lostAt, () => {});
    for (const cursor of [undefined, ...model.frames.map((frame) => frame.cursor)]) {
      const from = cursor === undefined ? {} : { cursor: cursorAt(cursor) };
      const reader = log.read(from);
      const wanted = framesOf(model.after(cursor));
      expect([lostAt, cursor, takeAll(reader)]).toEqual([lostAt, cursor, wanted]);
      expect([lostAt, cursor, reader.isEnded, reader.isCut]).toEqual([lostAt, cursor, true, false]);
      reader.close();
    }
  }
});

it('ends a reader that has taken what is void as one that was cut, and no other (R-ATTEMPT-4)', () => {
  for (const lostAt of schedules()) {
    const live: { reader: TaskReader; taken: [string, string][] }[] = [];
    const { model } = writeLog(lostAt, (log, count) => {
      // A reader that begins now, one that begins behind what is there, and all that are there.
      const cursor = cursorAt(log.cursor);
      live.push({ reader: log.read(), taken: [] }, { reader: log.read({ cursor }), taken: [] });
      for (const { reader, taken } of live) if (count % 3 > 0) taken.push(...takeAll(reader));
    });
    const isVoid = new Set(model.frames.flatMap((frame) => (frame.isVoid ? [frame.cursor] : [])));
    for (const { reader, taken } of live) {
      taken.push(...takeAll(reader));
      const hasVoid = taken.some(([cursor]) => isVoid.has(cursor));
      const end = taken.at(-1)?.[0];
      expect([lostAt, end, reader.isEnded, reader.isCut]).toEqual([lostAt, end, true, hasVoid]);
      // Asked again behind what it took, it has all that the model gives.
      const valid = taken.filter(([cursor]) => !isVoid.has(cursor));
      const rest = hasVoid ? framesOf(model.after(end)) : [];
      const all = framesOf(model.after(undefined));
      const tail = all.slice(all.length - valid.length - rest.length);
      if (!hasVoid) expect([lostAt, valid]).toEqual([lostAt, tail]);
      else expect([lostAt, rest]).toEqual([lostAt, all.slice(all.length - rest.length)]);
    }
  }
});

/** The record of a log as a storage keeps it. */
function recordOf(lostAt: readonly number[]): LogPart['record'] {
  const { frames } = attemptsLog(lostAt);
  const cursors = frames.map(({ cursor }) => cursorAt(cursor));
  const endOf = (epoch: number) => cursors.filter((cursor) => cursor.epoch === epoch).length;
  const epochs = lostAt.map((_, n) => n + 1);
  const rewinds = epochs.map((epoch) => {
    const before = attemptsLog(lostAt.slice(0, epoch)).frames;
    const stay = before.filter(({ cursor, isVoid }) => !isVoid && epochOf(cursor) <= epoch);
    return [epoch + 1, cursorAt(stay.at(-1)?.cursor ?? '')] as const;
  });
  const epoch = epochs.length + 1;
  return {
    ...{ firstEpoch: 1, epoch, end: endOf(epoch) - 1 },
    closedEpochs: new Map(epochs.map((closed) => [closed, endOf(closed)])),
    rewinds: new Map(rewinds),
  };
}

/** Reads the log of the model in pages of some entries, each of some frames. */
function pagesOf(lostAt: readonly number[], { frameCount = 3, entryCount = 2 } = {}) {
  const record = recordOf(lostAt);
  const entries: { epoch: number; offset: number; frames: string[] }[] = [];
  for (const { cursor, chunk } of attemptsLog(lostAt).frames) {
    const { epoch, n } = cursorAt(cursor);
    const newest = entries.at(-1);
    const hasRoom = newest?.epoch === epoch && newest.frames.length < frameCount;
    if (hasRoom) newest.frames.push(JSON.stringify(chunk));
    else entries.push({ epoch, offset: n, frames: [JSON.stringify(chunk)] });
  }
  return (from: Cursor): LogPart => {
    const wanted = entries.filter(
      ({ epoch, offset, frames }) =>
        epoch > from.epoch || (epoch === from.epoch && offset + frames.length > from.n),
    );
    const frames = wanted.slice(0, entryCount).map((entry) => ({ ...entry }));
    return { record, frames, hasMore: wanted.length > frames.length };
  };
}

it('ends a reader that goes on for a client who was sent what is void (R-ATTEMPT-4)', () => {
  for (const lostAt of schedules()) {
    const { log, model } = writeLog(lostAt, () => {});
    for (const { cursor, isVoid } of model.frames) {
      const reader = log.read({ cursor: cursorAt(cursor), isContinued: true });
      const wanted = isVoid ? [] : framesOf(model.after(cursor));
      expect([lostAt, cursor, takeAll(reader)]).toEqual([lostAt, cursor, wanted]);
      expect([lostAt, cursor, reader.isEnded, reader.isCut]).toEqual([
        lostAt,
        cursor,
        true,
        isVoid,
      ]);
    }
  }
});

it('gives the same from a storage, page by page', async () => {
  for (const lostAt of schedules()) {
    const page = pagesOf(lostAt);
    const model = attemptsLog(lostAt);
    const { rewinds = new Map<number, Cursor>(), ...record } = recordOf(lostAt);
    for (const cursor of [undefined, ...model.frames.map((frame) => frame.cursor)]) {
      const window = createLogWindow({
        ...{ taskId, firstEpoch: 1, epoch: record.epoch, next: record.end + 1 },
        closedEpochs: new Map(record.closedEpochs),
        voids: voidsOf(rewinds),
      });
      window.end();
      const from = cursor === undefined ? {} : { cursor: cursorAt(cursor) };
      const reader = createLogReader({ window, from, history: async (at) => page(at) });
      const taken: [string, string][] = [];
      for await (const range of reader) {
        for (let n = range.start; n < range.end; n++) {
          taken.push([formatCursor(range.epoch, n), range.data[n - range.offset] ?? '']);
        }
      }
      expect([lostAt, cursor, taken]).toEqual([lostAt, cursor, framesOf(model.after(cursor))]);
      expect(reader.isCut).toBe(false);
    }
  }
});

it('leaves out of what a reader has fetched, and not handed out, what has become void since (R-ATTEMPT-3)', () => {
  for (const lostAt of schedules()) {
    // The newest attempt begins after the reader has read all that was there.
    const before = pagesOf(lostAt.slice(0, -1), { entryCount: Number.POSITIVE_INFINITY });
    const lost = attemptsLog(lostAt).losses.at(-1) ?? 0;
    const all = before({ epoch: 1, n: 0 });
    const { rewinds = new Map<number, Cursor>(), epoch, closedEpochs } = all.record;
    const model = attemptsLog(lostAt);
    const isOfNewest = (cursor: string) => epochOf(cursor) === epoch;
    const count = model.frames.slice(0, lost).filter(({ cursor }) => isOfNewest(cursor)).length;
    const window = createLogWindow({
      ...{ taskId, firstEpoch: 1, epoch, next: count },
      closedEpochs: new Map(closedEpochs),
      voids: voidsOf(rewinds),
    });
    const frames = all.frames.flatMap((entry) => {
      const left = count - entry.offset;
      if (entry.epoch < epoch || left >= entry.frames.length) return entry;
      return left > 0 ? { ...entry, frames: entry.frames.slice(0, left) } : [];
    });
    const initial = { record: { ...all.record, end: count - 1 }, frames, hasMore: false };
    const reader = createLogReader({ window, initial });
    window.rewind(recordOf(lostAt).rewinds?.get(epoch + 1) ?? { epoch, n: -1 });
    for (const { cursor, chunk } of model.frames) {
      if (epochOf(cursor) > epoch) window.push(JSON.stringify(chunk));
    }
    window.end();
    expect([lostAt, takeAll(reader)]).toEqual([lostAt, framesOf(model.after(undefined))]);
    expect([lostAt, reader.isEnded, reader.isCut]).toEqual([lostAt, true, false]);
  }
});

it('tells a process that follows the log elsewhere what is void', () => {
  for (const lostAt of schedules()) {
    const model = attemptsLog(lostAt);
    const window = createLogWindow({ taskId, epoch: 1 });
    const early = createLogReader({ window });
    const late = createLogReader({ window });
    const page = pagesOf(lostAt.slice(0, 1));
    // All of the first attempt, as it was before the second began.
    const first = page({ epoch: 1, n: 0 }).record.closedEpochs.get(1) ?? 0;
    const { record } = page({ epoch: 1, n: 0 });
    const frames = model.frames.filter(({ cursor }) => epochOf(cursor) === 1);
    const data = frames.map(({ chunk }) => JSON.stringify(chunk));
    takeOver(
      window,
      {
        record: {
          ...record,
          epoch: 1,
          end: first - 1,
          closedEpochs: new Map(),
          rewinds: new Map(),
        },
        frames: [{ epoch: 1, offset: 0, frames: data }],
        hasMore: false,
      },
      false,
    );
    const taken = takeAll(early);
    const all = pagesOf(lostAt, { entryCount: Number.POSITIVE_INFINITY });
    takeOver(window, all({ epoch: 1, n: first }), true);
    const hasVoid = taken.some((_, n) => frames[n]?.isVoid);
    expect([lostAt, early.isEnded && early.isCut]).toEqual([lostAt, hasVoid]);
    expect([lostAt, takeAll(late)]).toEqual([lostAt, framesOf(model.after(undefined))]);
    expect([late.isEnded, late.isCut]).toEqual([true, false]);
  }
});
