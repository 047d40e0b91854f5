import type { StoredFrames, StoredLog } from './stored-log';
import type { TailPosition } from './task-tail';

/** So many entries are read at once, about a megabyte of them. */
const pageCount = 16;

/** Entries of so many characters on average are worth a page. */
const minPageEntryLength = 16 * 1024;

function averageLength(frames: readonly StoredFrames[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0) / Math.max(1, frames.length);
}

/**
 * Reads the history of one reader, piece by piece. Large entries are read by Redis' own command,
 * which takes half the time that they take through a script; it says nothing of where the task
 * stands, which is looked at again when there are no more, or when another epoch begins.
 */
export function createHistoryFetcher({
  initial,
  fetchLog,
  fetchPage,
}: {
  /** What was read before. */
  initial: StoredLog | undefined;
  fetchLog: (position: TailPosition) => Promise<StoredLog | undefined>;
  /** Reads entries alone, from a position on. */
  fetchPage: (position: TailPosition, count: number) => Promise<StoredFrames[]>;
}): (position: TailPosition) => Promise<StoredLog | undefined> {
  // What is known of the task, without the frames; set while pages are worth it.
  let known: StoredLog | undefined;

  const note = (log: StoredLog | undefined) => {
    const isLarge = log?.hasMore && averageLength(log.frames) >= minPageEntryLength;
    known = isLarge ? { ...log, frames: [] } : undefined;
  };
  note(initial);

  return async (position) => {
    if (known) {
      const { epoch } = known.record;
      const frames = await fetchPage(position, pageCount);
      const isPlain = frames.length > 0 && frames.every((entry) => entry.epoch === epoch);
      if (isPlain) return { ...known, frames };
    }
    const log = await fetchLog(position);
    note(log);
    return log;
  };
}
