import { anotherLogRange } from '../../log/another-log';
import { type GapCause, gapFrame } from '../../log/frame-gap';
import type { ReaderStart } from '../../log/start-position';
import type { FrameRange, TaskReader } from '../../log/task-stream-context';
import type { TailPosition, TaskTail } from '../../log/task-tail';
import { pause } from '../../time/pause';
import type { StoredLog, StoredRecord } from '../scripts/stored-log';

/** Frames of the log that a reader has fetched and not yet handed out. */
interface Batch extends Omit<FrameRange, 'isReplay'> {
  /** Where the reader stands once it has handed this out. */
  after: TailPosition;
  /** Whether this stands for frames that are gone. */
  isGap: boolean;
}

/** What readers need to know of a log. */
interface LogPart extends Pick<StoredLog, 'frames' | 'hasMore'> {
  readonly record: Pick<StoredRecord, 'firstEpoch' | 'epoch' | 'end' | 'closedEpochs'>;
}

/**
 * Makes ranges of what was fetched for a position. What is missing in between, or at the end of
 * a log that has nothing more, becomes a gap that the reader is told of; so does the first gap
 * of the producer that has no words of its own, unless the reader `wasTold` of one before.
 */
function toBatches(
  taskId: string,
  position: TailPosition,
  { record, frames, hasMore }: LogPart,
  wasTold: boolean,
): { batches: Batch[]; after: TailPosition; isTold: boolean } {
  const batches: Batch[] = [];
  let { epoch, next } = position;
  let isTold = wasTold;
  // Neighbouring entries become one range.
  let run: { data: string[]; offset: number } | undefined;

  const hand = ({
    isGap = false,
    ...range
  }: Omit<Batch, 'epoch' | 'after' | 'isGap'> & { isGap?: boolean }) => {
    next = range.end;
    batches.push({ ...range, epoch, after: { epoch, next }, isGap });
  };
  const flush = () => {
    if (!run) return;
    const { data, offset } = run;
    run = undefined;
    hand({ data, offset, start: Math.max(next, offset), end: offset + data.length });
  };
  /** Says that frames up to `end` are gone, unless there are none. */
  const miss = (end: number, cause: GapCause = 'storage-lost') => {
    flush();
    if (end <= next) return;
    isTold = true;
    const [n, data] = [end - 1, [gapFrame(taskId, cause)]];
    hand({ data, offset: n, start: n, end, isGap: true });
  };
  const endOf = (of: number) =>
    of === record.epoch ? record.end + 1 : (record.closedEpochs.get(of) ?? 0);
  const moveTo = (newEpoch: number) => {
    while (epoch < newEpoch) {
      miss(endOf(epoch));
      epoch++;
      next = 0;
    }
  };

  for (const entry of frames) {
    const end = entry.offset + entry.frames.length;
    // Left behind by another log.
    if (entry.epoch < record.firstEpoch || entry.epoch > record.epoch) continue;
    if (entry.epoch < epoch || (entry.epoch === epoch && end <= next)) continue;
    if (entry.isGap && entry.frames.length > 0) isTold = true;
    if (run && entry.epoch === epoch && entry.offset === run.offset + run.data.length) {
      for (const frame of entry.frames) run.data.push(frame);
      continue;
    }
    flush();
    moveTo(entry.epoch);
    miss(entry.first);
    if (entry.frames.length > 0) run = { data: entry.frames, offset: entry.offset };
    else if (isTold) next = end;
    // The log says it once, and this reader came later.
    else miss(end, 'log-full');
  }
  flush();
  if (!hasMore) {
    moveTo(record.epoch);
    miss(endOf(epoch));
  }
  return { batches, after: { epoch, next }, isTold };
}

/** The part of a log that lies before a position, as if the log went no further. */
function before({ record, frames, hasMore }: LogPart, until: TailPosition): LogPart {
  const wanted = frames.filter(
    ({ epoch, first }) => epoch < until.epoch || (epoch === until.epoch && first < until.next),
  );
  const isBeyond =
    record.epoch === until.epoch ? record.end >= until.next : record.epoch > until.epoch;
  return {
    record: isBeyond ? { ...record, epoch: until.epoch, end: until.next - 1 } : record,
    frames: wanted,
    hasMore: hasMore && wanted.length === frames.length,
  };
}

/** A log of which the storage has nothing any more. */
function nothingOf({ firstEpoch, epoch, next, endOf }: TaskTail): LogPart {
  const closedEpochs = new Map<number, number>();
  for (let closed = firstEpoch; closed < epoch; closed++) {
    closedEpochs.set(closed, endOf(closed) ?? 0);
  }
  return { record: { firstEpoch, epoch, end: next - 1, closedEpochs }, frames: [], hasMore: false };
}

export interface TailReaderOptions {
  tail: TaskTail;
  from: ReaderStart;
  /** What was read from there on when the reader was made. */
  initial?: StoredLog;
  /** Reads the log from a position on. `undefined`: there is no such log any more. */
  fetchLog: (position: TailPosition) => Promise<StoredLog | undefined>;
  isAlive: () => boolean;
  /** Whether nothing will come any more, because the log is gone. */
  isGone: () => boolean;
  onClose: () => void;
}

/** How long a reader waits before it asks a storage again that was away, in milliseconds. */
const retryMs = 250;

/**
 * A reader over a log in Redis. What this process has at hand it takes from there, at once;
 * what lies before that it fetches piece by piece, and each no sooner than it hands out the one
 * before.
 */
export function createTailReader({
  tail,
  from,
  initial,
  fetchLog,
  isAlive,
  isGone,
  onClose,
}: TailReaderOptions): TaskReader {
  // The log that it reads, by its first epoch, and where it is there.
  let { firstEpoch } = tail;
  let position: TailPosition = { epoch: firstEpoch, next: from.skip ?? 0 };
  // The last frame that it has, or comes with.
  let last = from.cursor;
  let batches: Batch[] = [];
  let isReplay = true;
  // Whether it was told that the log has gaps, and whether the last that it was given is one.
  let isTold = false;
  let endsInGap = false;
  let isClosed = false;
  let isFetching = false;
  // What all who wait now are waiting for, and what ends it.
  let waiting: Promise<void> | undefined;
  let endWait: (() => void) | undefined;

  const self = {
    get position() {
      return position;
    },
  };
  tail.readers.add(self);

  /** Goes on behind the last frame that it has; if that is of another log, it gets all of this. */
  const locate = (newestEpoch = 0) => {
    if (!last) return;
    const newest = Math.max(tail.epoch, newestEpoch);
    const isOfLog = last.epoch >= firstEpoch && last.epoch <= newest;
    position = isOfLog ? { epoch: last.epoch, next: last.n + 1 } : { epoch: firstEpoch, next: 0 };
    if (isOfLog) return;
    batches.push({ ...anotherLogRange(tail.taskId, last), after: position, isGap: false });
  };
  locate(initial?.record.epoch);

  /** Begins with the log that has taken the place of the one that was read, if one has. */
  const changeLog = () => {
    if (tail.firstEpoch === firstEpoch) return;
    firstEpoch = tail.firstEpoch;
    position = { epoch: firstEpoch, next: 0 };
    batches = [];
    isReplay = true;
    isTold = false;
    endsInGap = false;
    locate();
  };

  /** Where what is at hand begins, behind the position. */
  const firstAtHand = (): TailPosition | undefined => {
    for (let { epoch } = position; epoch <= tail.epoch; epoch++) {
      const segment = tail.segment(epoch);
      if (!segment || segment.data.length === 0) continue;
      const next = segment.offset;
      if (epoch > position.epoch || next > position.next) return { epoch, next };
    }
    return undefined;
  };

  const accept = (log: LogPart) => {
    // Frames at hand need not be in the log, where they could be missing by now.
    const atHand = firstAtHand();
    const part = atHand ? before(log, atHand) : log;
    const fetched = toBatches(tail.taskId, position, part, isTold);
    isTold = fetched.isTold;
    batches.push(...fetched.batches);
    const newest = batches.at(-1);
    if (newest) newest.after = fetched.after;
    else position = fetched.after;
  };
  /** Whether the next frame is at hand. */
  const isAtHand = () => {
    const segment = tail.segment(position.epoch);
    if (!segment || position.next < segment.offset) return false;
    return position.next < segment.offset + segment.data.length;
  };

  if (initial && !isAtHand()) accept(initial);

  /** Moves on from an epoch that is closed and that the reader has to its end. */
  const advance = () => {
    while (position.epoch < tail.epoch) {
      const end = tail.endOf(position.epoch);
      if (end === undefined || position.next < end) return;
      const epoch = position.epoch + 1;
      position = { epoch, next: tail.beginOf(epoch) };
    }
  };

  /** Whether frames at the position exist and are not at hand. */
  const lacksHistory = () => {
    if (batches.length > 0) return false;
    advance();
    const { epoch, next } = position;
    if (epoch > tail.epoch || isAtHand()) return false;
    return epoch < tail.epoch || next < (tail.segment(epoch)?.offset ?? 0);
  };

  /** Whether it has everything, and the task has settled. */
  const isReadToEnd = () => {
    if (batches.length > 0 || tail.outcome === undefined) return false;
    advance();
    const { epoch, next } = position;
    return epoch > tail.epoch || (epoch === tail.epoch && next >= tail.next);
  };

  const hasEnded = () => {
    if (isClosed) return true;
    changeLog();
    return isReadToEnd() || (batches.length === 0 && isGone());
  };

  const fetchHistory = async () => {
    isFetching = true;
    const { epoch, next } = position;
    const askedOf = firstEpoch;
    try {
      const log = await fetchLog(position);
      if (isClosed) return;
      changeLog();
      // Else it was asked for in the log before.
      if (askedOf === firstEpoch) {
        if (log?.record.firstEpoch === firstEpoch) accept(log);
        // One that is still open may yet come back.
        else if (tail.outcome !== undefined) accept(nothingOf(tail));
      }
    } catch {
      // The storage is away, which the context has reported: it is asked again.
    }
    const hasMoved = position.epoch !== epoch || position.next !== next || batches.length > 0;
    if (!hasMoved && !hasEnded()) await pause(retryMs);
    isFetching = false;
    check();
  };

  /** Ends the wait when there is something, and sees to it otherwise that there will be. */
  const check = () => {
    if (!endWait) return;
    changeLog();
    if (batches.length > 0 || hasEnded()) return endWait();
    if (lacksHistory()) {
      if (!isFetching) void fetchHistory();
    } else if (isAtHand()) return endWait();
    tail.waiters.add(check);
  };

  return {
    take() {
      if (isClosed) return undefined;
      changeLog();
      const batch = batches.shift();
      if (batch) {
        const { after, isGap, ...range } = batch;
        position = after;
        last = { epoch: range.epoch, n: range.end - 1 };
        endsInGap = isGap;
        // The next piece comes while this one is being sent.
        if (!isFetching && lacksHistory()) void fetchHistory();
        return { ...range, isReplay };
      }
      if (lacksHistory()) return undefined;
      const segment = tail.segment(position.epoch);
      if (!segment || !isAtHand()) {
        isReplay = false;
        return undefined;
      }
      const { epoch, next: start } = position;
      const { data, offset } = segment;
      const end = offset + data.length;
      position = { epoch, next: end };
      last = { epoch, n: end - 1 };
      endsInGap = false;
      return { epoch, data, offset, start, end, isReplay };
    },

    wait() {
      waiting ??= new Promise<void>((resolve) => {
        endWait = () => {
          tail.waiters.delete(check);
          waiting = undefined;
          endWait = undefined;
          resolve();
        };
      });
      const result = waiting;
      check();
      return result;
    },

    get isEnded() {
      return hasEnded();
    },

    get isCut() {
      if (isClosed || !hasEnded()) return false;
      return endsInGap || !isReadToEnd();
    },

    get isAlive() {
      return isAlive();
    },

    close() {
      if (isClosed) return;
      isClosed = true;
      batches = [];
      tail.readers.delete(self);
      endWait?.();
      onClose();
    },
  };
}
