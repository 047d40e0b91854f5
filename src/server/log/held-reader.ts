import { later } from '../time/later';
import type { TaskReader } from './task-stream-context';

/** In how many heartbeat intervals without a use a reader is let go. */
const maxIdleBeats = 3;

/** No longer than this before the first use, however long the interval, in milliseconds. */
const maxUnusedMs = 60_000;

/** A reader of a log that is held only while somebody reads. */
export interface HeldReader {
  /** The reader, unless it was let go, or was never opened. */
  readonly reader: TaskReader | undefined;
  /** Somebody reads from now on. Gives the reader, unless it has to be opened. */
  use(): TaskReader | undefined;
  /** Opens the reader. `undefined`: there is no such log any more, or nobody reads any more. */
  open(): Promise<TaskReader | undefined>;
  /** Nobody reads for the time being. */
  rest(): void;
  /** Idempotent. */
  close(): void;
}

/**
 * Holds a reader, and lets it go when nobody has read for three heartbeat intervals: a response
 * whose body is never read, or whose client has stopped to, must not keep a log for ever. Whoever
 * reads later all the same gets another reader, and goes on where the first stood.
 */
export function holdReader({
  reader: first,
  heartbeatMs,
  openReader,
  onLetGo,
  onBeat,
}: {
  reader?: TaskReader;
  heartbeatMs: number;
  /** Opens a reader where the last one stood. */
  openReader: () => Promise<TaskReader | undefined>;
  /** Forgets what was taken from the reader and has yet to be used. */
  onLetGo: () => void;
  /** Called in every interval from the first use on, until the reader is let go. */
  onBeat?: () => void;
}): HeldReader {
  let reader = first;
  let isUsed = false;
  let isClosed = false;
  let idleBeats = 0;
  let unused: ReturnType<typeof setTimeout> | undefined;
  let beats: ReturnType<typeof setInterval> | undefined;

  const stop = () => {
    clearTimeout(unused);
    clearInterval(beats);
    unused = undefined;
    beats = undefined;
    reader?.close();
  };

  const letGo = () => {
    stop();
    reader = undefined;
    onLetGo();
  };

  const beat = () => {
    if (!isUsed && ++idleBeats >= maxIdleBeats) letGo();
    else onBeat?.();
  };

  if (first) unused = later(letGo, Math.min(maxIdleBeats * heartbeatMs, maxUnusedMs));

  return {
    get reader() {
      return reader;
    },
    use() {
      isUsed = true;
      idleBeats = 0;
      if (isClosed) return reader;
      if (unused !== undefined) {
        clearTimeout(unused);
        unused = undefined;
      }
      beats ??= setInterval(beat, heartbeatMs);
      return reader;
    },
    async open() {
      if (isClosed) return undefined;
      const opened = await openReader();
      if (isClosed) opened?.close();
      else reader = opened;
      return reader;
    },
    rest() {
      isUsed = false;
    },
    close() {
      isClosed = true;
      stop();
    },
  };
}
