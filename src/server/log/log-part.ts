import type { Cursor } from '../../protocol/cursor';
import { type GapCause, gapFrame } from './frame-gap';
import type { LogWindow } from './log-window';
import type { FrameRange } from './task-reader';
import { endOfValid, type VoidFrames, voidAt, voidsOf } from './void-frames';

/** Neighbouring frames of one epoch. */
export interface LogEntry {
  readonly epoch: number;
  /** The number of `frames[0]`. */
  readonly offset: number;
  readonly frames: string[];
}

/** A part of a log from some place on, as a storage has it. */
export interface LogPart {
  readonly record: {
    /** The first epoch of the log, which no other log of the task has. */
    readonly firstEpoch: number;
    /** The epoch that is open, or the last one. */
    readonly epoch: number;
    /** The number of the last frame in `epoch`. */
    readonly end: number;
    /** One past the last frame of each closed epoch, by epoch. */
    readonly closedEpochs: ReadonlyMap<number, number>;
    /**
     * Of each epoch in which an attempt went on, the last frame that stays of those before it. Default:
     * there is none.
     */
    readonly rewinds?: ReadonlyMap<number, Cursor>;
  };
  readonly frames: readonly LogEntry[];
  /** Whether there are more frames than were asked for. */
  readonly hasMore: boolean;
}

/** Reads a log from a place on; resolves with `undefined` when there is no such log any more. */
export type LogHistory = (from: Cursor) => Promise<LogPart | undefined>;

/** A range that a reader has yet to hand out. */
export interface QueuedRange extends Omit<FrameRange, 'isReplay'> {
  /** The frame that the reader wants once it has handed this range out. */
  after: Cursor;
  /** Whether this range stands for frames that are gone. */
  readonly isGap: boolean;
}

/** A gap frame in place of the frames missing before frame `end`, with the number of the last one. */
export function gapRange(
  taskId: string,
  { epoch, n: end }: Cursor,
  cause: GapCause,
): Omit<FrameRange, 'isReplay'> {
  const n = Math.max(0, end - 1);
  return { epoch, data: [gapFrame(taskId, cause)], offset: n, start: n, end: n + 1 };
}

const noRewinds: ReadonlyMap<number, Cursor> = new Map();

/**
 * Makes ranges of what was read from a place on, without frames that are void. Frames that are missing
 * in between, or at the end of a log that has nothing more, become a gap that the reader is told of.
 */
export function rangesOf(
  taskId: string,
  from: Cursor,
  { record, frames, hasMore }: LogPart,
): { ranges: QueuedRange[]; after: Cursor } {
  const ranges: QueuedRange[] = [];
  const voids = voidsOf(record.rewinds ?? noRewinds);
  let { epoch, n: next } = from;
  // Neighbouring entries become one range.
  let run: { data: string[]; offset: number } | undefined;

  const queue = (range: Omit<FrameRange, 'isReplay'>, isGap: boolean) => {
    next = range.end;
    ranges.push({ ...range, after: { epoch, n: next }, isGap });
  };
  const flush = () => {
    if (!run) return;
    const { data, offset } = run;
    run = undefined;
    const start = Math.max(next, offset);
    queue({ epoch, data, offset, start, end: offset + data.length }, false);
  };
  /** Says that frames up to `end` are gone, unless there are none. */
  const miss = (end: number) => {
    flush();
    if (end > next) queue(gapRange(taskId, { epoch, n: end }, 'storage-lost'), true);
  };
  const endOf = (of: number) =>
    of === record.epoch ? record.end + 1 : (record.closedEpochs.get(of) ?? 0);
  const moveTo = (newEpoch: number) => {
    while (epoch < newEpoch) {
      miss(endOfValid(voids, epoch, endOf(epoch)));
      epoch = voidAt(voids, { epoch, n: next })?.until ?? epoch + 1;
      next = 0;
    }
  };
  const skipped = voidAt(voids, from);
  if (skipped) {
    epoch = skipped.until;
    next = 0;
  }

  for (const entry of frames) {
    const end = entry.offset + entry.frames.length;
    // Entries of other epochs were left behind by another log of the task.
    if (entry.epoch < record.firstEpoch || entry.epoch > record.epoch) continue;
    if (entry.epoch < epoch || (entry.epoch === epoch && end <= next)) continue;
    const within = voidAt(voids, { epoch: entry.epoch, n: entry.offset });
    if (within) {
      flush();
      moveTo(within.until);
      continue;
    }
    const count = endOfValid(voids, entry.epoch, end) - entry.offset;
    const valid = count < entry.frames.length ? entry.frames.slice(0, count) : entry.frames;
    if (run && entry.epoch === epoch && entry.offset === run.offset + run.data.length) {
      for (const frame of valid) run.data.push(frame);
      continue;
    }
    flush();
    moveTo(entry.epoch);
    miss(entry.offset);
    run = { data: valid, offset: entry.offset };
  }
  flush();
  if (!hasMore) {
    moveTo(record.epoch);
    miss(endOf(epoch));
  }
  return { ranges, after: { epoch, n: next } };
}

/** Ranges without the frames that have become void since the ranges were made. */
export function withoutVoid(
  ranges: readonly QueuedRange[],
  voids: readonly VoidFrames[],
): QueuedRange[] {
  return ranges.flatMap((range) => {
    const { epoch, start, end } = range;
    if (voidAt(voids, { epoch, n: start })) return [];
    const valid = endOfValid(voids, epoch, end);
    return valid === end ? range : { ...range, end: valid, after: { epoch, n: valid } };
  });
}

/** What lies before a place in a part of a log, as if the log ended there. */
export function partBefore({ record, frames, hasMore }: LogPart, until: Cursor): LogPart {
  const wanted = frames.filter(
    ({ epoch, offset }) => epoch < until.epoch || (epoch === until.epoch && offset < until.n),
  );
  const isBeyond =
    record.epoch === until.epoch ? record.end >= until.n : record.epoch > until.epoch;
  return {
    record: isBeyond ? { ...record, epoch: until.epoch, end: until.n - 1 } : record,
    frames: wanted,
    hasMore: hasMore && wanted.length === frames.length,
  };
}

/** The part of a log of which the storage has nothing any more: all of its frames are missing. */
export function nothingOf({ firstEpoch, epoch, next, endOf }: LogWindow): LogPart {
  const closedEpochs = new Map<number, number>();
  for (let closed = firstEpoch; closed < epoch; closed++) {
    closedEpochs.set(closed, endOf(closed) ?? 0);
  }
  return { record: { firstEpoch, epoch, end: next - 1, closedEpochs }, frames: [], hasMore: false };
}
