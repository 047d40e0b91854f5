import { liveGapFrame } from './live-gap';
import { positionAfter } from './memory-reader';
import type { TaskMirror } from './task-mirror';
import type { FrameRange, TaskReader } from './task-stream-context';

/** A reader over the log of another process: a position in what has come of it. */
export function createMirrorReader({
  mirror,
  taskId,
  cursor,
}: {
  mirror: TaskMirror;
  taskId: string;
  cursor: string | undefined;
}): TaskReader {
  const {
    log,
    header: { epoch },
  } = mirror;
  let position = positionAfter(cursor);
  let isClosed = false;
  // True until the reader has seen the end of what is there once.
  let isReplay = true;
  // A log has one gap for a reader, whatever is sent in the midst of it.
  let hasToldGap = false;
  // Ends a pending wait.
  let release: (() => void) | undefined;

  mirror.join();

  const gap = (n: number, end: number) => {
    const data = [liveGapFrame(taskId, log.gapCause ?? 'log-full')];
    const range: FrameRange = { epoch, data, offset: n, start: n, end: n + 1, isReplay };
    return { range, end, isGap: true };
  };

  /** What `take` will give, and where the reader stands then. */
  const upcoming = (): { range: FrameRange; end: number; isGap: boolean } | undefined => {
    if (isClosed) return undefined;
    for (const { offset, data } of log.segments) {
      const end = offset + data.length;
      if (end <= position) continue;
      // In place of the last of the frames that are missing.
      if (offset > position && !hasToldGap) return gap(offset - 1, offset);
      const start = Math.max(offset, position);
      return { range: { epoch, data, offset, start, end, isReplay }, end, isGap: false };
    }
    const isBeforeGap = log.gapCause === undefined || position < log.gapFrom;
    if (hasToldGap || isBeforeGap || position === Number.POSITIVE_INFINITY) return undefined;
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

    get isAlive() {
      return mirror.isAlive;
    },

    close,
  };
}
