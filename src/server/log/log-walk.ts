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
  /** Whether the next range was made of what was fetched. */
  readonly hasFetched: boolean;
  /** Whether `take` has something now. */
  readonly hasNext: boolean;
  /** Whether frames at the position exist and have to be fetched. */
  readonly lacksHistory: boolean;
  /** Whether everything was taken, and the log has ended. */
  readonly isAtEnd: boolean;
  /** Whether the last that was taken tells of frames that are missing. */
  readonly endsInGap: boolean;
  take(): FrameRange | undefined;
  /** Queues what was fetched from the position on. */
  accept(part: LogPart): void;
  /** Begins with the log that has taken the place of the one that was read, if one has. */
  changeLog(): void;
  /** Forgets what was fetched. */
  leave(): void;
}

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
  let { firstEpoch } = window;
  let position: Cursor = { epoch: firstEpoch, n: skip };
  // The last frame that the reader has, or comes with.
  let last = cursor;
  let queued: QueuedRange[] = [];
  // True until the reader has seen the end of the log once.
  let isReplay = true;
  // Whether the reader was told that the log has gaps, and whether the last that it got is one.
  let isTold = false;
  let endsInGap = false;

  /** Goes on behind the last frame of the reader; one of another log brings all of this one. */
  const locate = (newestEpoch = 0) => {
    if (!last) return;
    const newest = Math.max(window.epoch, newestEpoch);
    const isOfLog = last.epoch >= firstEpoch && last.epoch <= newest;
    position = isOfLog ? { epoch: last.epoch, n: last.n + 1 } : { epoch: firstEpoch, n: 0 };
    if (isOfLog) return;
    // It has the reader's own cursor, so that a cut right behind it loses nothing.
    const { epoch, n } = last;
    const data = [gapFrame(taskId, 'another-log')];
    const notice = { epoch, data, offset: n, start: n, end: n + 1 };
    queued.push({ ...notice, after: position, isGap: false });
  };

  const changeLog = () => {
    if (window.firstEpoch === firstEpoch) return;
    firstEpoch = window.firstEpoch;
    position = { epoch: firstEpoch, n: 0 };
    queued = [];
    isReplay = true;
    isTold = false;
    endsInGap = false;
    locate();
  };

  const isAtHand = () => {
    const segment = window.segmentFrom(position);
    if (!segment || position.n < segment.offset) return false;
    return position.n < segment.offset + segment.data.length;
  };

  /** Where what is at hand begins, behind the position. */
  const firstAtHand = (): Cursor | undefined => {
    for (let { epoch, n } = position; epoch <= window.epoch; epoch++, n = 0) {
      const segment = window.segmentFrom({ epoch, n });
      if (!segment || segment.data.length === 0) continue;
      if (epoch > position.epoch || segment.offset > n) return { epoch, n: segment.offset };
    }
    return undefined;
  };

  const accept = (fetched: LogPart) => {
    // Frames at hand need not be in the storage, where they could be missing by now.
    const atHand = firstAtHand();
    const part = atHand ? partBefore(fetched, atHand) : fetched;
    const made = rangesOf(taskId, position, part, isTold);
    isTold = made.isTold;
    queued.push(...made.ranges);
    const newest = queued.at(-1);
    if (newest) newest.after = made.after;
    else position = made.after;
  };

  /** Moves on from an epoch that is closed and that the reader has to its end. */
  const advance = () => {
    while (position.epoch < window.epoch) {
      const end = window.endOf(position.epoch);
      if (end === undefined || position.n < end) return;
      const epoch = position.epoch + 1;
      position = { epoch, n: window.beginOf(epoch) };
    }
  };

  /** Whether frames at the position exist and are not at hand. */
  const lacksFrames = () => {
    if (queued.length > 0) return false;
    advance();
    const { epoch, n } = position;
    if (epoch > window.epoch || isAtHand()) return false;
    return epoch < window.epoch || n < (window.segmentFrom(position)?.offset ?? 0);
  };

  /** Whether the reader has come to frames that are missing, though nobody knows yet how many. */
  const isGapDue = () => {
    const { gap, epoch } = window;
    return gap !== undefined && !isTold && position.epoch === epoch && position.n >= gap.from;
  };

  /** Goes on behind frames that are nowhere. */
  const leap = () => {
    const end = firstAtHand()?.n ?? window.next;
    const cause = window.gap?.cause ?? 'log-full';
    if (!isTold) {
      queued.push({
        ...gapRange(taskId, { ...position, n: end }, cause),
        after: { ...position, n: end },
        isGap: true,
      });
    } else position = { ...position, n: end };
    isTold = true;
  };

  const handOut = (range: Omit<FrameRange, 'isReplay'>, after: Cursor, isGap: boolean) => {
    position = after;
    endsInGap = isGap;
    const { epoch, data, offset, start, end } = range;
    return { epoch, data, offset, start, end, isReplay };
  };

  locate(initial?.record.epoch);
  if (initial && !isAtHand()) accept(initial);

  return {
    get position() {
      return position;
    },
    get firstEpoch() {
      return firstEpoch;
    },
    get hasFetched() {
      return queued.length > 0;
    },
    get hasNext() {
      if (queued.length > 0) return true;
      return lacksFrames() ? !hasHistory : isAtHand() || isGapDue();
    },
    get lacksHistory() {
      return hasHistory && lacksFrames();
    },
    get isAtEnd() {
      if (!window.isEnded || queued.length > 0) return false;
      advance();
      const { epoch, n } = position;
      return epoch > window.epoch || (epoch === window.epoch && n >= window.next && !isGapDue());
    },
    get endsInGap() {
      return endsInGap;
    },
    accept,
    changeLog,
    take() {
      changeLog();
      if (lacksFrames()) {
        if (hasHistory) return undefined;
        leap();
      }
      const next = queued.shift();
      if (next) {
        last = { epoch: next.epoch, n: next.end - 1 };
        return handOut(next, next.after, next.isGap);
      }
      const segment = window.segmentFrom(position);
      const { epoch, n: start } = position;
      const end = segment ? segment.offset + segment.data.length : 0;
      if (segment && start >= segment.offset && start < end) {
        last = { epoch, n: end - 1 };
        return handOut({ ...segment, start, end }, { epoch, n: end }, false);
      }
      const { gap } = window;
      if (gap && isGapDue()) {
        isTold = true;
        // How many are missing is not known yet, so that the reader's cursor stays where it is.
        return handOut(gapRange(taskId, position, gap.cause), position, true);
      }
      isReplay = false;
      return undefined;
    },
    leave() {
      queued = [];
    },
  };
}
