import type { Cursor } from '../../protocol/cursor';
import type { GapCause } from './frame-gap';
import { type VoidFrames, withRewind } from './void-frames';

/** Neighbouring frames of one epoch: frame `n` is `data[n - offset]`. */
export interface LogSegment {
  readonly epoch: number;
  readonly data: readonly string[];
  readonly offset: number;
}

/**
 * What this process knows of a task's log: the frames that it has at hand, and where the log ends.
 * All readers of the process share it.
 */
export interface LogWindow {
  readonly taskId: string;
  /** The first epoch of the log, by which it is told from other logs of the task. */
  readonly firstEpoch: number;
  /** The epoch that is open, or the last one. */
  readonly epoch: number;
  /** The number that the next frame of `epoch` gets. */
  readonly next: number;
  /** How many characters the frames at hand have. */
  readonly length: number;
  /** The segments in order; the last one grows. */
  readonly segments: readonly LogSegment[];
  /** From which frame of `epoch` on frames are missing, and why. Later ones may be at hand all the same. */
  readonly gap: { readonly from: number; readonly cause: GapCause } | undefined;
  /** The frames that are void, in order. */
  readonly voids: readonly VoidFrames[];
  /** Whether the log has ended, so that nothing will follow. */
  readonly isEnded: boolean;
  /** Whether the log has ended without the task's outcome. */
  readonly isCut: boolean;
  /** The segment that has the frame at a position, or else the next segment of that epoch. */
  segmentFrom(position: Cursor): LogSegment | undefined;
  /** One past the last frame of a closed epoch: 0 if nothing is known of it; `undefined` if it is open. */
  endOf(epoch: number): number | undefined;
  /** The frame of an epoch at which a reader goes on that has the epoch before to its end. */
  beginOf(epoch: number): number;
  push(frame: string): void;
  /** Adds the frames that are new; `false` when the frames do not join those that are there. */
  add(epoch: number, first: number, frames: readonly string[]): boolean;
  /** Goes on at frame `next`, whose predecessors are not at hand. Forgets the newest segment. */
  skipTo(next: number): void;
  /** Goes on at frame `next`, because the frames before it are nowhere. Frames at hand stay. */
  leap(next: number): void;
  /** Takes note that frames are missing from frame `from` on, and why. The newest reason counts. */
  lose(from: number, cause: GapCause): void;
  /**
   * Closes the open epoch before frame `end`, and opens the next one. Readers that have the closed
   * epoch to its end go on at frame `next`. Frames from `end` on never were part of the log.
   */
  openEpoch(options: { end: number; next: number }): void;
  /**
   * Opens the next epoch as `openEpoch` does, in which an attempt goes on after the frame `last`. The
   * frames after that one are void, and not kept.
   */
  rewind(last: Cursor, end?: number): void;
  /** To be called when another log of the task takes the place of this one: it begins empty. */
  changeLog(firstEpoch: number): void;
  end(options?: { isCut: boolean }): void;
  /** Forgets the frames of each segment before the number that `before` returns for it. */
  forget(before: (segment: LogSegment) => number): void;
  readonly readers: Set<{ readonly position: Cursor }>;
  /** Functions that are called once, at the next change. */
  readonly waiters: Set<() => void>;
  wake(): void;
}

interface LogWindowOptions {
  taskId: string;
  epoch: number;
  /** The first epoch of the log. Default: `epoch`. */
  firstEpoch?: number;
  next?: number;
  /** One past the last frame of each closed epoch, by epoch. */
  closedEpochs?: Map<number, number>;
  /** The frames that are void. Default: none. */
  voids?: readonly VoidFrames[];
}

type Growing<Type> = { -readonly [Name in keyof Type]: Type[Name] };

interface GrowingSegment extends Growing<LogSegment> {
  data: string[];
}

/** The length of a list's members together, such as the characters of frames. */
export function lengthOf(list: readonly { readonly length: number }[]): number {
  return list.reduce((sum, { length }) => sum + length, 0);
}

export function createLogWindow({
  taskId,
  epoch: initialEpoch,
  firstEpoch: initialFirstEpoch = initialEpoch,
  next: firstNext = 0,
  closedEpochs = new Map(),
  voids = [],
}: LogWindowOptions): LogWindow {
  let current: GrowingSegment = { epoch: initialEpoch, data: [], offset: firstNext };
  let segments = [current];
  // The frame at which readers go on in an epoch, by epoch, unless that is frame 0.
  const begins = new Map<number, number>();
  const waiters = new Set<() => void>();

  const push = (frame: string) => {
    current.data.push(frame);
    window.next++;
    window.length += frame.length;
  };

  /** Begins a new segment, to which frames are added from now on. */
  const beginSegment = (epoch: number, offset: number) => {
    current = { epoch, data: [], offset };
    segments = [...segments, current];
    window.segments = segments;
    window.epoch = epoch;
    window.next = offset;
  };

  /** Forgets the frames after `last`, before those of the open epoch. */
  const dropVoid = (last: Cursor) => {
    for (const segment of segments) {
      if (segment.epoch < last.epoch || segment === current) continue;
      const valid = segment.epoch === last.epoch ? last.n + 1 - segment.offset : 0;
      const count = Math.max(0, Math.min(valid, segment.data.length));
      window.length -= lengthOf(segment.data.slice(count));
      // A new array, because readers may still look at the old one.
      segment.data = segment.data.slice(0, count);
    }
    segments = segments.filter((segment) => segment === current || segment.data.length > 0);
    window.segments = segments;
  };

  // Plain properties and no getters, which engines are slow at: readers look at them all the time.
  const window: Growing<LogWindow> = {
    taskId,
    firstEpoch: initialFirstEpoch,
    epoch: initialEpoch,
    next: firstNext,
    length: 0,
    segments,
    gap: undefined,
    voids,
    isEnded: false,
    isCut: false,
    readers: new Set(),
    waiters,

    segmentFrom({ epoch, n }) {
      if (epoch === current.epoch && n >= current.offset) return current;
      return segments.find(
        (segment) =>
          segment.epoch === epoch &&
          (segment === current || n < segment.offset + segment.data.length),
      );
    },
    endOf: (epoch) => (epoch < current.epoch ? (closedEpochs.get(epoch) ?? 0) : undefined),
    beginOf: (epoch) => begins.get(epoch) ?? 0,

    push,
    add(epoch, first, frames) {
      const { next } = window;
      if (epoch !== current.epoch || first > next) return false;
      for (let index = next - first; index < frames.length; index++) push(frames[index] ?? '');
      return true;
    },
    skipTo(next) {
      if (next <= window.next) return;
      window.length -= lengthOf(current.data);
      current.data = [];
      current.offset = next;
      window.next = next;
    },
    leap(next) {
      if (next > window.next) beginSegment(current.epoch, next);
    },
    lose(from, cause) {
      window.gap = { from: Math.min(from, window.gap?.from ?? from), cause };
    },

    openEpoch({ end, next }) {
      closedEpochs.set(current.epoch, end);
      const count = Math.max(0, end - current.offset);
      window.length -= lengthOf(current.data.slice(count));
      current.data = current.data.slice(0, count);
      if (next > 0) begins.set(current.epoch + 1, next);
      beginSegment(current.epoch + 1, next);
    },
    rewind(last, end = window.next) {
      window.openEpoch({ end, next: 0 });
      window.voids = withRewind(window.voids, last, current.epoch);
      dropVoid(last);
    },
    changeLog(first) {
      closedEpochs.clear();
      begins.clear();
      segments = [];
      beginSegment(first, 0);
      const nothing = { length: 0, gap: undefined, voids: [], isEnded: false, isCut: false };
      Object.assign(window, { firstEpoch: first, ...nothing });
    },
    end({ isCut } = { isCut: false }) {
      if (window.isEnded) return;
      window.isEnded = true;
      window.isCut = isCut;
    },

    forget(before) {
      for (const segment of segments) {
        const count = Math.min(before(segment) - segment.offset, segment.data.length);
        if (count <= 0) continue;
        window.length -= lengthOf(segment.data.slice(0, count));
        // A new array, because readers may still look at the old one.
        segment.data = segment.data.slice(count);
        segment.offset += count;
      }
      segments = segments.filter((segment) => segment === current || segment.data.length > 0);
      window.segments = segments;
    },

    wake() {
      if (waiters.size === 0) return;
      const waiting = [...waiters];
      waiters.clear();
      for (const waiter of waiting) waiter();
    },
  };
  return window;
}
