import type { TaskStatus } from '../../protocol/task-parts';

/** Neighbouring frames of one epoch that this process has at hand: `data[n - offset]`. */
interface TailSegment {
  readonly epoch: number;
  data: string[];
  offset: number;
}

/** A reader's place: the next frame that it wants. */
export interface TailPosition {
  readonly epoch: number;
  readonly next: number;
}

/** Holds what this process knows of a task's log: its newest frames, and where it ends. */
export interface TaskTail {
  readonly taskId: string;
  /** The first epoch of the log, by which it is told from other logs of the task. */
  readonly firstEpoch: number;
  /** The epoch that is open, or the last one. */
  readonly epoch: number;
  /** The number that the next frame of this epoch gets. */
  readonly next: number;
  /** Set once the task has settled. */
  readonly outcome: TaskStatus | undefined;
  /** The segment of an epoch, if some of it is at hand. */
  segment(epoch: number): TailSegment | undefined;
  /** One past the last frame of an epoch that is closed; `undefined` when it is open or unknown. */
  endOf(epoch: number): number | undefined;
  /** Where a reader goes on that has the epoch before to its end. */
  beginOf(epoch: number): number;
  push(frame: string): void;
  /** Adds frames, those that are known already left out; `false` when they do not join. */
  add(epoch: number, first: number, frames: readonly string[]): boolean;
  /** Takes note that frames up to `next` are nowhere: they were dropped, or are not at hand. */
  skipTo(next: number): void;
  /**
   * Closes the epoch that is open before frame `end`, and opens the next one, where readers that
   * came this far go on at frame `next`. Frames from `end` on never were part of the log.
   */
  openEpoch(options: { end: number; next: number }): void;
  /** Another log of the task has taken the place of this one: nothing of it is known yet. */
  changeLog(firstEpoch: number): void;
  settle(outcome: TaskStatus): void;
  /** Whether there are so many frames that it is worth to forget some. */
  readonly isLong: boolean;
  /**
   * When there are many, forgets frames before `stored` that no reader wants; when there are too
   * many, any that are stored, and then those that have waited longest to be.
   */
  trim(stored: number): void;
  readonly readers: Set<{ readonly position: TailPosition }>;
  /** Called once at the next change, and then forgotten. */
  readonly waiters: Set<() => void>;
  wake(): void;
}

/** Frames that readers have had are kept up to this many characters, for those who come soon. */
const keptLength = 128 * 1024;

/** Frames that a reader has yet to take are kept up to this many; slower ones read the log. */
const maxLength = 1024 * 1024;

export function createTaskTail({
  taskId,
  epoch: initialEpoch,
  firstEpoch: initialFirstEpoch = initialEpoch,
  next: firstNext,
  closedEpochs = new Map(),
  maxUnstoredLength = 0,
}: {
  taskId: string;
  epoch: number;
  /** Default: the same. */
  firstEpoch?: number;
  next: number;
  /** One past the last frame, by epoch. */
  closedEpochs?: Map<number, number>;
  /** How many characters are kept for readers, beyond the usual, while they cannot be stored. */
  maxUnstoredLength?: number;
}): TaskTail {
  let firstEpoch = initialFirstEpoch;
  let segments: TailSegment[] = [{ epoch: initialEpoch, data: [], offset: firstNext }];
  let current = segments[0] as TailSegment;
  let outcome: TaskStatus | undefined;
  // Characters at hand, and how many there may be before the next attempt to forget some.
  let length = 0;
  let trimAt = keptLength;
  // By epoch, unless that is its first frame.
  const begins = new Map<number, number>();
  const readers = new Set<{ readonly position: TailPosition }>();
  const waiters = new Set<() => void>();

  const isLong = () => length > trimAt;

  const nextOf = () => current.offset + current.data.length;

  const push = (frame: string) => {
    current.data.push(frame);
    length += frame.length;
  };

  /** Drops frames before `n` from the front of a segment. */
  const dropBefore = (segment: TailSegment, n: number) => {
    const count = Math.min(n - segment.offset, segment.data.length);
    if (count <= 0) return;
    for (let index = 0; index < count; index++) length -= segment.data[index]?.length ?? 0;
    // A new array, because readers may still look at the old one.
    segment.data = segment.data.slice(count);
    segment.offset += count;
  };

  /** The first frame of an epoch that some reader has yet to take. */
  const wantedFrom = (epoch: number) => {
    let least = Number.POSITIVE_INFINITY;
    for (const { position } of readers) {
      if (position.epoch > epoch) continue;
      least = Math.min(least, position.epoch < epoch ? beginOf(epoch) : position.next);
    }
    return least;
  };

  const beginOf = (epoch: number) => begins.get(epoch) ?? 0;

  const drop = (before: (segment: TailSegment) => number) => {
    for (const segment of segments) dropBefore(segment, before(segment));
  };

  return {
    taskId,
    readers,
    waiters,
    get firstEpoch() {
      return firstEpoch;
    },
    get epoch() {
      return current.epoch;
    },
    get next() {
      return nextOf();
    },
    get outcome() {
      return outcome;
    },
    segment: (epoch) =>
      epoch === current.epoch ? current : segments.find((segment) => segment.epoch === epoch),
    endOf: (epoch) => closedEpochs.get(epoch),
    beginOf,
    push,
    add(epoch, first, frames) {
      const next = nextOf();
      if (epoch !== current.epoch || first > next) return false;
      for (let index = next - first; index < frames.length; index++) push(frames[index] ?? '');
      return true;
    },
    skipTo(next) {
      if (next <= nextOf()) return;
      length -= current.data.reduce((sum, frame) => sum + frame.length, 0);
      current.data = [];
      current.offset = next;
    },
    openEpoch({ end, next }) {
      closedEpochs.set(current.epoch, end);
      const count = Math.max(0, end - current.offset);
      for (const frame of current.data.slice(count)) length -= frame.length;
      current.data = current.data.slice(0, count);
      if (next > 0) begins.set(current.epoch + 1, next);
      current = { epoch: current.epoch + 1, data: [], offset: next };
      segments = [...segments, current];
    },
    changeLog(first) {
      firstEpoch = first;
      closedEpochs.clear();
      begins.clear();
      current = { epoch: first, data: [], offset: 0 };
      segments = [current];
      outcome = undefined;
      length = 0;
      trimAt = keptLength;
    },
    settle(status) {
      outcome = status;
    },
    get isLong() {
      return isLong();
    },
    trim(stored) {
      if (!isLong()) return;
      const storedBefore = (segment: TailSegment) =>
        segment === current ? stored : Number.POSITIVE_INFINITY;
      const wantedBefore = ({ epoch }: TailSegment) => wantedFrom(epoch);
      drop((segment) => Math.min(storedBefore(segment), wantedBefore(segment)));
      if (length > maxLength) drop(storedBefore);
      const limit = maxLength + maxUnstoredLength;
      if (length > limit) drop(wantedBefore);
      drop(({ data, offset }) => {
        let count = 0;
        for (let excess = length - limit; excess > 0 && count < data.length; count++) {
          excess -= data[count]?.length ?? 0;
        }
        return offset + count;
      });
      segments = segments.filter((segment) => segment === current || segment.data.length > 0);
      trimAt = length + keptLength;
    },
    wake() {
      if (waiters.size === 0) return;
      const waiting = [...waiters];
      waiters.clear();
      for (const waiter of waiting) waiter();
    },
  };
}
