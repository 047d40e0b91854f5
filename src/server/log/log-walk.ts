import type { Cursor } from '../../protocol/cursor';
import { gapFrame } from './frame-gap';
import { gapRange, type LogPart, partBefore, type QueuedRange, rangesOf } from './log-part';
import type { LogWindow } from './log-window';
import type { FrameRange, ReadTaskOptions } from './task-stream-context';

/** Where a reader begins. */
export type ReaderStart = Pick<ReadTaskOptions, 'cursor' | 'skip'>;

/** How far a reader has come in a log, and what comes next. It waits for nothing. */
export interface LogWalk {
  /** The frame that the reader wants next. */
  readonly position: Cursor;
  /** By its first epoch: the log that is read. */
  readonly firstEpoch: number;
  /** Whether the last that was taken tells of frames that are missing. */
  readonly endsInGap: boolean;
  /** Whether the next range was made of what was fetched. */
  hasFetched(): boolean;
  /** Whether `take` has something now. */
  hasNext(): boolean;
  /** Whether frames at the position exist and have to be fetched. */
  lacksHistory(): boolean;
  /** Whether everything was taken, and the log has ended. */
  isAtEnd(): boolean;
  take(): FrameRange | undefined;
  /** Queues what was fetched from the position on. */
  accept(part: LogPart): void;
  /** Begins with the log that has taken the place of the one that was read, if one has. */
  changeLog(): void;
  /** Forgets what was fetched. */
  leave(): void;
}

type Walking = { -readonly [Name in keyof LogWalk]: LogWalk[Name] };

/**
 * Walks through a log. What is in the window is taken from there; what lies before that has to be
 * fetched, unless there is nowhere to fetch it from: then it is a gap.
 */
export function createLogWalk({
  window,
  from: { cursor, skip = 0 },
  initial,
  hasHistory,
}: {
  window: LogWindow;
  from: ReaderStart;
  /** What was read from there on before. */
  initial: LogPart | undefined;
  hasHistory: boolean;
}): LogWalk {
  const { taskId } = window;
  // The last frame that the reader has, or comes with.
  let last = cursor;
  let queued: QueuedRange[] = [];
  // True until the reader has seen the end of the log once.
  let isReplay = true;
  // Whether the reader was told that the log has gaps.
  let isTold = false;

  /** Goes on behind the last frame of the reader; one of another log brings all of this one. */
  const locate = (newestEpoch = 0) => {
    if (!last) return;
    const newest = Math.max(window.epoch, newestEpoch);
    const isOfLog = last.epoch >= walk.firstEpoch && last.epoch <= newest;
    walk.position = isOfLog
      ? { epoch: last.epoch, n: last.n + 1 }
      : { epoch: walk.firstEpoch, n: 0 };
    if (isOfLog) return;
    // It has the reader's own cursor, so that a cut right behind it loses nothing.
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

  /** Whether there is nothing behind the position: the one look that most readers need. */
  const isCaughtUp = () => walk.position.epoch === window.epoch && walk.position.n >= window.next;

  const isAtHand = () => {
    const segment = window.segmentFrom(walk.position);
    if (!segment || walk.position.n < segment.offset) return false;
    return walk.position.n < segment.offset + segment.data.length;
  };

  /** Where what is at hand begins, behind the position. */
  const firstAtHand = (): Cursor | undefined => {
    for (let { epoch, n } = walk.position; epoch <= window.epoch; epoch++, n = 0) {
      const segment = window.segmentFrom({ epoch, n });
      if (!segment || segment.data.length === 0) continue;
      if (epoch > walk.position.epoch || segment.offset > n) return { epoch, n: segment.offset };
    }
    return undefined;
  };

  const accept = (fetched: LogPart) => {
    // Frames at hand need not be in the storage, where they could be missing by now.
    const atHand = firstAtHand();
    const part = atHand ? partBefore(fetched, atHand) : fetched;
    const { ranges, after } = rangesOf(taskId, walk.position, part);
    queued.push(...ranges);
    const newest = queued.at(-1);
    if (newest) newest.after = after;
    else walk.position = after;
  };

  /** Moves on from an epoch that is closed and that the reader has to its end. */
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
    if (epoch > window.epoch || isAtHand()) return false;
    return epoch < window.epoch || n < (window.segmentFrom(walk.position)?.offset ?? 0);
  };

  /** Whether the reader has come to frames that are missing, though nobody knows yet how many. */
  const isGapDue = () => {
    const { gap, epoch } = window;
    return (
      gap !== undefined && !isTold && walk.position.epoch === epoch && walk.position.n >= gap.from
    );
  };

  /** Goes on behind frames that are nowhere. */
  const leap = () => {
    const { epoch } = walk.position;
    const after = { epoch, n: firstAtHand()?.n ?? window.next };
    const cause = window.gap?.cause ?? 'log-full';
    if (isTold) walk.position = after;
    else queued.push({ ...gapRange(taskId, after, cause), after, isGap: true });
    isTold = true;
  };

  /** What is at hand from the position on. */
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

  /** Tells of frames that are missing. How many is not known yet: the position stays where it is. */
  const takeGap = (): FrameRange | undefined => {
    const { gap } = window;
    if (!gap || !isGapDue()) return undefined;
    isTold = true;
    walk.endsInGap = true;
    return { ...gapRange(taskId, walk.position, gap.cause), isReplay };
  };

  // Plain properties: they are looked at all the time, and engines are slow at those with getters.
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
      return isAtHand() || (lacksFrames() ? !hasHistory : isGapDue());
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
  if (initial && !isAtHand()) accept(initial);
  return walk;
}
