import type { Cursor } from '../../protocol/cursor';
import type { GapCause } from './frame-gap';

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
  /** The number that the next frame of this epoch gets. */
  readonly next: number;
  /** Characters at hand. */
  readonly length: number;
  /** In order; the last one grows. */
  readonly segments: readonly LogSegment[];
  /** Why frames of this epoch are missing, from which one on, whatever is at hand behind it. */
  readonly gap: { readonly from: number; readonly cause: GapCause } | undefined;
  /** Whether nothing will follow. */
  readonly isEnded: boolean;
  /** Whether it has ended without the task's outcome. */
  readonly isCut: boolean;
  /** The segment that has a frame, or else the next one of that epoch. */
  segmentFrom(position: Cursor): LogSegment | undefined;
  /** One past the last frame of an epoch that is closed; `undefined` when it is open or unknown. */
  endOf(epoch: number): number | undefined;
  /** Where a reader goes on that has the epoch before to its end. */
  beginOf(epoch: number): number;
  push(frame: string): void;
  /** Adds frames, those that are known already left out; `false` when they do not join. */
  add(epoch: number, first: number, frames: readonly string[]): boolean;
  /** Takes note that frames up to `next` are not at hand, and forgets those of this epoch that are. */
  skipTo(next: number): void;
  /** Takes note that frames up to `next` are nowhere; what is at hand before them stays. */
  leap(next: number): void;
  /** Takes note of why frames are missing from frame `from` on. The newest reason counts. */
  lose(from: number, cause: GapCause): void;
  /**
   * Closes the epoch that is open before frame `end`, and opens the next one, where readers that
   * came this far go on at frame `next`. Frames from `end` on never were part of the log.
   */
  openEpoch(options: { end: number; next: number }): void;
  /** Another log of the task has taken the place of this one: nothing of it is known yet. */
  changeLog(firstEpoch: number): void;
  end(options?: { isCut: boolean }): void;
  /** Forgets frames of each segment before the one that `before` names. */
  forget(before: (segment: LogSegment) => number): void;
  readonly readers: Set<{ readonly position: Cursor }>;
  /** Called once at the next change, and then forgotten. */
  readonly waiters: Set<() => void>;
  wake(): void;
}

type Growing<Type> = { -readonly [Name in keyof Type]: Type[Name] };

interface GrowingSegment extends Growing<LogSegment> {
  data: string[];
}

function lengthOf(frames: readonly string[]): number {
  return frames.reduce((sum, frame) => sum + frame.length, 0);
}

export function createLogWindow({
  taskId,
  epoch: initialEpoch,
  firstEpoch: initialFirstEpoch = initialEpoch,
  next: firstNext = 0,
  closedEpochs = new Map(),
}: {
  taskId: string;
  epoch: number;
  /** Default: the same. */
  firstEpoch?: number;
  next?: number;
  /** One past the last frame, by epoch. */
  closedEpochs?: Map<number, number>;
}): LogWindow {
  let current: GrowingSegment = { epoch: initialEpoch, data: [], offset: firstNext };
  let segments = [current];
  // By epoch, unless that is its first frame.
  const begins = new Map<number, number>();
  const waiters = new Set<() => void>();

  const push = (frame: string) => {
    current.data.push(frame);
    window.next++;
    window.length += frame.length;
  };

  /** What is added from now on belongs to another segment. */
  const beginSegment = (epoch: number, offset: number) => {
    current = { epoch, data: [], offset };
    segments = [...segments, current];
    window.segments = segments;
    window.epoch = epoch;
    window.next = offset;
  };

  // Plain properties: readers look at them all the time, and engines are slow at those with getters.
  const window: Growing<LogWindow> = {
    taskId,
    firstEpoch: initialFirstEpoch,
    epoch: initialEpoch,
    next: firstNext,
    length: 0,
    segments,
    gap: undefined,
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
    endOf: (epoch) => closedEpochs.get(epoch),
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
    changeLog(first) {
      closedEpochs.clear();
      begins.clear();
      segments = [];
      beginSegment(first, 0);
      const nothing = { length: 0, gap: undefined, isEnded: false, isCut: false };
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
