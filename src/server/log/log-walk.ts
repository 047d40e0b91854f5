import type { Cursor } from '../../protocol/cursor';
import { gapFrame } from './frame-gap';
import { gapRange, type LogPart, partBefore, type QueuedRange, rangesOf } from './log-part';
import type { LogWindow } from './log-window';
import type { FrameRange, ReadTaskOptions } from './task-stream-context';

/** Where a reader begins. */
export type ReaderStart = Pick<ReadTaskOptions, 'cursor' | 'skip'>;

/** How far a reader has come in a log, and which range comes next. A walk never waits. */
export interface LogWalk {
  /** The frame that the reader wants next. */
  readonly position: Cursor;
  /** The first epoch of the log that is read, which tells this log from others of the task. */
  readonly firstEpoch: number;
  /** Whether the range that was taken last tells of missing frames. */
  readonly endsInGap: boolean;
  /** Whether the next range was made of fetched frames. */
  hasFetched(): boolean;
  /** Whether `take` has a range now. */
  hasNext(): boolean;
  /** Whether frames at the position exist and have to be fetched. */
  lacksHistory(): boolean;
  /** Whether everything was taken, and the log has ended. */
  isAtEnd(): boolean;
  take(): FrameRange | undefined;
  /** Queues the part of the log that was fetched from the position on. */
  accept(part: LogPart): void;
  /** If another log has taken the place of the one that was read, begins with that log. */
  changeLog(): void;
  /** Drops what was fetched. */
  leave(): void;
}

type Walking = { -readonly [Name in keyof LogWalk]: LogWalk[Name] };

function isAtHand(window: LogWindow, position: Cursor): boolean {
  const segment = window.segmentFrom(position);
  if (!segment || position.n < segment.offset) return false;
  return position.n < segment.offset + segment.data.length;
}

/** The first frame after a position that is at hand, if the one at the position is not. */
function firstAtHand(window: LogWindow, position: Cursor): Cursor | undefined {
  for (let { epoch, n } = position; epoch <= window.epoch; epoch++, n = 0) {
    const segment = window.segmentFrom({ epoch, n });
    if (!segment || segment.data.length === 0) continue;
    if (epoch > position.epoch || segment.offset > n) return { epoch, n: segment.offset };
  }
  return undefined;
}

/**
 * Creates a walk through a log. Frames in the window are taken from it. Frames before them have to be
 * fetched; where there is nothing to fetch them from, they become a gap.
 */
export function createLogWalk({
  window,
  from: { cursor, skip = 0 },
  initial,
  hasHistory,
}: {
  window: LogWindow;
  from: ReaderStart;
  /** What was read from `from` on before. */
  initial: LogPart | undefined;
  hasHistory: boolean;
}): LogWalk {
  const { taskId } = window;
  // The last frame that the reader has: the one that it took last, or else its cursor.
  let last = cursor;
  let queued: QueuedRange[] = [];
  // True until the reader has seen the end of the log once.
  let isReplay = true;
  // Whether the reader was told of the window's gap.
  let isTold = false;

  /** Goes to the frame after the reader's last one; if that is of another log, to this log's start. */
  const locate = (newestEpoch = 0) => {
    if (!last) return;
    const newest = Math.max(window.epoch, newestEpoch);
    const isOfLog = last.epoch >= walk.firstEpoch && last.epoch <= newest;
    walk.position = isOfLog
      ? { epoch: last.epoch, n: last.n + 1 }
      : { epoch: walk.firstEpoch, n: 0 };
    if (isOfLog) return;
    // The notice has the reader's own cursor, so that a cut right after it loses nothing.
    const { epoch, n } = last;
    const data = [gapFrame(taskId, 'another-log')];
    const notice = { epoch, data, offset: n, start: n, end: n + 1 };
    queued.push({ ...notice, after: walk.position, isGap: false });
  };

  const changeLog = () => {
    if (window.firstEpoch === walk.firstEpoch) return;
    walk.firstEpoch = window.firstEpoch;
    walk.position = { epoch: walk.firstEpoch, n: 0 };
    queued = [];
    isReplay = true;
    isTold = false;
    walk.endsInGap = false;
    locate();
  };

  /** Whether there is nothing after the position: for most readers the only check that is needed. */
  const isCaughtUp = () => walk.position.epoch === window.epoch && walk.position.n >= window.next;

  const accept = (fetched: LogPart) => {
    // Frames at hand are taken from the window, because the storage may have lost them by now.
    const atHand = firstAtHand(window, walk.position);
    const part = atHand ? partBefore(fetched, atHand) : fetched;
    const { ranges, after } = rangesOf(taskId, walk.position, part);
    queued.push(...ranges);
    const newest = queued.at(-1);
    if (newest) newest.after = after;
    else walk.position = after;
  };

  /** Moves the position on from closed epochs that the reader has to their end. */
  const advance = () => {
    while (walk.position.epoch < window.epoch) {
      const end = window.endOf(walk.position.epoch);
      if (end === undefined || walk.position.n < end) return;
      const epoch = walk.position.epoch + 1;
      walk.position = { epoch, n: window.beginOf(epoch) };
    }
  };

  /** Whether frames at the position exist and are not at hand. */
  const lacksFrames = () => {
    if (queued.length > 0 || isCaughtUp()) return false;
    advance();
    const { epoch, n } = walk.position;
    if (epoch > window.epoch || isAtHand(window, walk.position)) return false;
    return epoch < window.epoch || n < (window.segmentFrom(walk.position)?.offset ?? 0);
  };

  /** Whether the reader has come to missing frames, of which it is not known yet how many there are. */
  const isGapDue = () => {
    const { gap, epoch } = window;
    return (
      gap !== undefined && !isTold && walk.position.epoch === epoch && walk.position.n >= gap.from
    );
  };

  /** Moves the position on behind frames that are nowhere. */
  const leap = () => {
    const { epoch } = walk.position;
    const after = { epoch, n: firstAtHand(window, walk.position)?.n ?? window.next };
    const cause = window.gap?.cause ?? 'log-full';
    if (isTold) walk.position = after;
    else queued.push({ ...gapRange(taskId, after, cause), after, isGap: true });
    isTold = true;
  };

  /** Takes the frames that are at hand from the position on. */
  const takeAtHand = (): FrameRange | undefined => {
    const { epoch, n: start } = walk.position;
    const segment = window.segmentFrom(walk.position);
    if (!segment || start < segment.offset) return undefined;
    const { data, offset } = segment;
    const end = offset + data.length;
    if (start >= end) return undefined;
    walk.position = { epoch, n: end };
    walk.endsInGap = false;
    last = { epoch, n: end - 1 };
    return { epoch, data, offset, start, end, isReplay };
  };

  const takeQueued = (): FrameRange | undefined => {
    const next = queued.shift();
    if (!next) return undefined;
    const { after, isGap, ...range } = next;
    walk.position = after;
    walk.endsInGap = isGap;
    last = { epoch: range.epoch, n: range.end - 1 };
    return { ...range, isReplay };
  };

  /** Tells of missing frames. The position stays, because it is not known yet how many they are. */
  const takeGap = (): FrameRange | undefined => {
    const { gap } = window;
    if (!gap || !isGapDue()) return undefined;
    isTold = true;
    walk.endsInGap = true;
    return { ...gapRange(taskId, walk.position, gap.cause), isReplay };
  };

  // Plain properties and no getters, which engines are slow at: the walk is looked at all the time.
  const walk: Walking = {
    position: { epoch: window.firstEpoch, n: skip },
    firstEpoch: window.firstEpoch,
    endsInGap: false,
    hasFetched: () => queued.length > 0,
    hasNext() {
      changeLog();
      if (queued.length > 0) return true;
      if (isCaughtUp()) return isGapDue();
      advance();
      return isAtHand(window, walk.position) || (lacksFrames() ? !hasHistory : isGapDue());
    },
    lacksHistory: () => hasHistory && lacksFrames(),
    isAtEnd() {
      if (!window.isEnded || queued.length > 0) return false;
      advance();
      const { epoch, n } = walk.position;
      return epoch > window.epoch || (epoch === window.epoch && n >= window.next && !isGapDue());
    },
    accept,
    changeLog,
    take() {
      changeLog();
      if (queued.length > 0) return takeQueued();
      if (!isCaughtUp()) {
        advance();
        const range = takeAtHand();
        if (range) return range;
        if (lacksFrames()) {
          if (hasHistory) return undefined;
          leap();
          return takeQueued() ?? takeAtHand();
        }
      }
      const gap = takeGap();
      if (!gap) isReplay = false;
      return gap;
    },
    leave() {
      queued = [];
    },
  };
  locate(initial?.record.epoch);
  if (initial && !isAtHand(window, walk.position)) accept(initial);
  return walk;
}
