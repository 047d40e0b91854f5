import { anotherLogRange } from '../log/another-log';
import { type ReaderStart, startPosition } from '../log/start-position';
import type { FrameRange, TaskReader } from '../log/task-stream-context';
import { liveGapFrame } from './live-gap';
import type { TaskMirror } from './task-mirror';

/** A reader over the log of another process: a position in what has come of it. */
export function createMirrorReader({
  mirror,
  taskId,
  from,
}: {
  mirror: TaskMirror;
  taskId: string;
  from: ReaderStart;
}): TaskReader {
  const { log } = mirror;
  let { epoch } = mirror.header;
  let { next: position, foreign } = startPosition(epoch, from);
  // The last frame that the reader has, or comes with.
  let last = from.cursor;
  let isClosed = false;
  // True until the reader has seen the end of what is there once.
  let isReplay = true;
  // A log has one gap for a reader, whatever is sent in the midst of it.
  let hasToldGap = false;
  // Ends a pending wait.
  let release: (() => void) | undefined;

  mirror.join();

  /** Begins with the log that has taken the place of the one that was read, if one has. */
  const changeLog = () => {
    if (mirror.header.epoch === epoch) return;
    epoch = mirror.header.epoch;
    ({ next: position, foreign } = startPosition(epoch, { cursor: last }));
    isReplay = true;
    hasToldGap = false;
  };

  const gap = (n: number, end: number) => {
    const data = [liveGapFrame(taskId, log.gapCause ?? 'log-full')];
    const range: FrameRange = { epoch, data, offset: n, start: n, end: n + 1, isReplay };
    return { range, end, isGap: true };
  };

  /** What `take` will give, and where the reader stands then. */
  const upcoming = (): { range: FrameRange; end: number; isGap: boolean } | undefined => {
    if (isClosed) return undefined;
    changeLog();
    if (foreign) {
      return { range: anotherLogRange(taskId, foreign), end: position, isGap: false };
    }
    for (const { offset, data } of log.segments) {
      const end = offset + data.length;
      if (end <= position) continue;
      // In place of the last of the frames that are missing.
      if (offset > position && !hasToldGap) return gap(offset - 1, offset);
      const start = Math.max(offset, position);
      return { range: { epoch, data, offset, start, end, isReplay }, end, isGap: false };
    }
    const isBeforeGap = log.gapCause === undefined || position < log.gapFrom;
    if (hasToldGap || isBeforeGap) return undefined;
    // Which frames will be missing is not known yet, so the reader's cursor stays where it is.
    return gap(Math.max(0, position - 1), position);
  };

  const close = () => {
    if (isClosed) return;
    isClosed = true;
    if (release) {
      mirror.waiters.delete(release);
      release();
    }
    mirror.leave();
  };

  return {
    take() {
      const next = upcoming();
      if (!next) {
        isReplay = false;
        return undefined;
      }
      if (foreign) foreign = undefined;
      else last = { epoch, n: next.range.end - 1 };
      position = next.end;
      hasToldGap ||= next.isGap;
      return next.range;
    },

    async wait() {
      if (upcoming() || isClosed) return;
      if (!mirror.isOver) {
        await new Promise<void>((resolve) => {
          release = resolve;
          mirror.waiters.add(resolve);
        });
      }
      if (mirror.failure && !isClosed && !upcoming()) throw mirror.failure;
    },

    get isEnded() {
      return isClosed || (log.isEnded && !upcoming());
    },

    get isCut() {
      return !isClosed && log.isCut;
    },

    get isAlive() {
      return mirror.isAlive;
    },

    close,
  };
}
