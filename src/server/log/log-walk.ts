import type { Cursor } from '../../protocol/cursor';
import { gapFrame } from './frame-gap';
import { gapRange, type LogPart, partBefore, rangesOf, withoutVoid } from './log-part';
import type { LogWalk } from './log-walk-state';
import type { LogWindow } from './log-window';
import type { FrameRange } from './task-reader';
import type { ReadTaskOptions } from './task-stream-context';
import { voidAt } from './void-frames';

/** Where a reader begins. */
export type ReaderStart = Pick<ReadTaskOptions, 'cursor' | 'isContinued' | 'skip'>;

function isAtHand({ window, position }: LogWalk): boolean {
  const segment = window.segmentFrom(position);
  if (!segment || position.n < segment.offset) return false;
  return position.n < segment.offset + segment.data.length;
}

/** The first frame after the position that is at hand, if the one at the position is not. */
function firstAtHand({ window, position }: LogWalk): Cursor | undefined {
  for (let { epoch, n } = position; epoch <= window.epoch; epoch++, n = 0) {
    const segment = window.segmentFrom({ epoch, n });
    if (!segment || segment.data.length === 0) continue;
    if (epoch > position.epoch || segment.offset > n) return { epoch, n: segment.offset };
  }
  return undefined;
}

/** Goes to the frame after the reader's last one; if that is of another log, to this log's start. */
function locate(walk: LogWalk, newestEpoch = 0): void {
  const { window, firstEpoch, last } = walk;
  if (!last) return;
  const newest = Math.max(window.epoch, newestEpoch);
  const isOfLog = last.epoch >= firstEpoch && last.epoch <= newest;
  walk.position = isOfLog ? { epoch: last.epoch, n: last.n + 1 } : { epoch: firstEpoch, n: 0 };
  if (isOfLog) return;
  // The notice has the reader's own cursor, so that a cut right after it loses nothing.
  const { epoch, n } = last;
  const data = [gapFrame(window.taskId, 'another-log')];
  const notice = { epoch, data, offset: n, start: n, end: n + 1 };
  walk.queued.push({ ...notice, after: walk.position, isGap: false });
}

/** If another log has taken the place of the one that was read, begins with that log. */
export function changeLog(walk: LogWalk): void {
  const { firstEpoch } = walk.window;
  if (walk.firstEpoch === firstEpoch) return;
  walk.firstEpoch = firstEpoch;
  walk.position = { epoch: firstEpoch, n: 0 };
  walk.queued = [];
  walk.isReplay = true;
  walk.isTold = false;
  walk.endsInGap = false;
  locate(walk);
}

/** Whether there is nothing after the position: for most readers the only check that is needed. */
function isCaughtUp({ window, position }: LogWalk): boolean {
  return position.epoch === window.epoch && position.n >= window.next;
}

/** Queues the part of the log that was fetched from the position on. */
export function accept(walk: LogWalk, fetched: LogPart): void {
  // Frames at hand are taken from the window, because the storage may have lost them by now.
  const atHand = firstAtHand(walk);
  const part = atHand ? partBefore(fetched, atHand) : fetched;
  const { ranges, after } = rangesOf(walk.window.taskId, walk.position, part);
  walk.queued.push(...ranges);
  const newest = walk.queued.at(-1);
  if (newest) newest.after = after;
  else walk.position = after;
  // The part may have been read before the window knew of the newest attempt.
  leaveOutVoid(walk);
}

/** Takes frames out of the queue that have become void since they were fetched. */
function leaveOutVoid(walk: LogWalk): void {
  walk.leftOut = walk.window.voids;
  walk.queued = withoutVoid(walk.queued, walk.leftOut);
}

/** Whether the reader has taken frames that are void now, so that it has to begin anew behind them. */
export function isVoided({ window, hasTaken, last }: LogWalk): boolean {
  return hasTaken && last !== undefined && voidAt(window.voids, last) !== undefined;
}

/** Moves the position on from void frames, and from closed epochs that the reader has to their end. */
function advance(walk: LogWalk): void {
  const { window } = walk;
  const skipped = voidAt(window.voids, walk.position);
  if (skipped) walk.position = { epoch: skipped.until, n: 0 };
  while (walk.position.epoch < window.epoch) {
    const end = window.endOf(walk.position.epoch);
    if (end === undefined || walk.position.n < end) return;
    const epoch = walk.position.epoch + 1;
    walk.position = { epoch, n: window.beginOf(epoch) };
  }
}

/** Whether frames at the position exist and are not at hand. */
export function lacksFrames(walk: LogWalk): boolean {
  if (walk.queued.length > 0 || isCaughtUp(walk)) return false;
  advance(walk);
  const { window, position } = walk;
  if (position.epoch > window.epoch || isAtHand(walk)) return false;
  return position.epoch < window.epoch || position.n < (window.segmentFrom(position)?.offset ?? 0);
}

/** Whether the reader has come to missing frames, of which it is not known yet how many there are. */
function isGapDue({ window: { gap, epoch }, isTold, position }: LogWalk): boolean {
  return gap !== undefined && !isTold && position.epoch === epoch && position.n >= gap.from;
}

/** Whether `takeNext` has a range now. */
export function hasNext(walk: LogWalk): boolean {
  changeLog(walk);
  if (isVoided(walk)) return false;
  if (walk.leftOut !== walk.window.voids) leaveOutVoid(walk);
  if (walk.queued.length > 0) return true;
  if (isCaughtUp(walk)) return isGapDue(walk);
  advance(walk);
  return isAtHand(walk) || (lacksFrames(walk) ? !walk.hasHistory : isGapDue(walk));
}

/** Whether everything was taken, and the log has ended. */
export function isAtEnd(walk: LogWalk): boolean {
  const { window } = walk;
  if (!window.isEnded || walk.queued.length > 0) return false;
  advance(walk);
  return walk.position.epoch > window.epoch || (isCaughtUp(walk) && !isGapDue(walk));
}

/** Moves the position on behind frames that are nowhere. */
function leap(walk: LogWalk): void {
  const { window, position } = walk;
  const after = { epoch: position.epoch, n: firstAtHand(walk)?.n ?? window.next };
  const cause = window.gap?.cause ?? 'log-full';
  if (walk.isTold) walk.position = after;
  else walk.queued.push({ ...gapRange(window.taskId, after, cause), after, isGap: true });
  walk.isTold = true;
}

/** Takes the frames that are at hand from the position on. */
function takeAtHand(walk: LogWalk): FrameRange | undefined {
  const { epoch, n: start } = walk.position;
  const segment = walk.window.segmentFrom(walk.position);
  if (!segment || start < segment.offset) return undefined;
  const { data, offset } = segment;
  const end = offset + data.length;
  if (start >= end) return undefined;
  walk.position = { epoch, n: end };
  walk.endsInGap = false;
  walk.last = { epoch, n: end - 1 };
  walk.hasTaken = true;
  return { epoch, data, offset, start, end, isReplay: walk.isReplay };
}

function takeQueued(walk: LogWalk): FrameRange | undefined {
  const next = walk.queued.shift();
  if (!next) return undefined;
  const { after, isGap, ...range } = next;
  walk.position = after;
  walk.endsInGap = isGap;
  walk.last = { epoch: range.epoch, n: range.end - 1 };
  walk.hasTaken = true;
  return { ...range, isReplay: walk.isReplay };
}

/** Tells of missing frames. The position stays, because it is not known yet how many they are. */
function takeGap(walk: LogWalk): FrameRange | undefined {
  const { gap, taskId } = walk.window;
  if (!gap || !isGapDue(walk)) return undefined;
  walk.isTold = true;
  walk.endsInGap = true;
  return { ...gapRange(taskId, walk.position, gap.cause), isReplay: walk.isReplay };
}

/** Takes the next range, if there is one now. */
export function takeNext(walk: LogWalk): FrameRange | undefined {
  changeLog(walk);
  if (isVoided(walk)) return undefined;
  if (walk.leftOut !== walk.window.voids) leaveOutVoid(walk);
  if (walk.queued.length > 0) return takeQueued(walk);
  if (!isCaughtUp(walk)) {
    advance(walk);
    const range = takeAtHand(walk);
    if (range) return range;
    if (lacksFrames(walk)) {
      if (walk.hasHistory) return undefined;
      leap(walk);
      return takeQueued(walk) ?? takeAtHand(walk);
    }
  }
  const gap = takeGap(walk);
  if (!gap) walk.isReplay = false;
  return gap;
}

/**
 * Creates a walk through a log. Frames in the window are taken from it. Frames before them have to be
 * fetched; where there is nothing to fetch them from, they become a gap.
 */
export function createLogWalk({
  window,
  from: { cursor, isContinued = false, skip = 0 },
  initial,
  hasHistory,
}: {
  window: LogWindow;
  from: ReaderStart;
  /** What was read from `from` on before. */
  initial: LogPart | undefined;
  hasHistory: boolean;
}): LogWalk {
  const { firstEpoch } = window;
  const walk: LogWalk = {
    window,
    hasHistory,
    firstEpoch,
    position: { epoch: firstEpoch, n: skip },
    last: cursor,
    queued: [],
    leftOut: window.voids,
    hasTaken: isContinued,
    isReplay: true,
    isTold: false,
    endsInGap: false,
  };
  locate(walk, initial?.record.epoch);
  if (initial && !isAtHand(walk)) accept(walk, initial);
  return walk;
}
