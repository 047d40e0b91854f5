import type { Cursor } from '../../../protocol/cursor';
import {
  type StoredFrames,
  type StoredLog,
  type StoredRecord,
  withFrames,
} from '../scripts/stored-log';
import type { HistorySource } from '../scripts/stored-task';

/** So many entries are read at once, of large ones about a megabyte; at first fewer. */
const pageCount = 16;
const firstPageCount = 8;

/** Entries of so many characters on average are worth a page. */
const minPageEntryLength = 16 * 1024;

function averageLength(frames: readonly StoredFrames[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0) / Math.max(1, frames.length);
}

/** The place behind what was read. */
function endOf(frames: readonly StoredFrames[], position: Cursor): Cursor {
  const last = frames.at(-1);
  return last ? { epoch: last.epoch, n: last.offset + last.frames.length } : position;
}

/**
 * Looks at a task and reads the first of what it has from a position on, both at once. A task that
 * is not the reader's to know is asked for no further, as if it did not exist.
 */
export async function fetchStart(
  { fetchLog, fetchPage }: HistorySource,
  position: Cursor,
  mayRead: (record: StoredRecord) => boolean = () => true,
): Promise<StoredLog | undefined> {
  const [log, frames] = await Promise.all([
    fetchLog(),
    fetchPage(position, firstPageCount).catch(() => undefined),
  ]);
  if (!log || !mayRead(log.record)) return undefined;
  // Another epoch may have begun between the two, or the connection was cut.
  return (frames && withFrames(log, frames, endOf(frames, position))) ?? fetchLog(position);
}

/**
 * Reads the history of one reader, piece by piece. Large entries come in pages, each of which is
 * asked for when the one before has come. They say nothing of where the task stands, which is
 * looked at again when another epoch begins, or when something is missing.
 */
export function createHistoryFetcher({
  initial,
  fetchLog,
  fetchPage,
}: HistorySource & {
  /** What was read before. */
  initial: StoredLog | undefined;
}): (position: Cursor) => Promise<StoredLog | undefined> {
  // What is known of the task; set while pages are worth it.
  let known: StoredLog | undefined;
  let ahead: { readonly position: Cursor; readonly page: Promise<StoredFrames[]> } | undefined;

  const note = (log: StoredLog | undefined) => {
    const isLarge = log?.hasMore && averageLength(log.frames) >= minPageEntryLength;
    known = isLarge ? log : undefined;
  };

  const readAhead = (position: Cursor) => {
    const page = fetchPage(position, pageCount);
    // Whoever wants it gets the error.
    page.catch(() => {});
    ahead = { position, page };
  };

  const pageAt = (position: Cursor) => {
    const { position: at, page } = ahead ?? {};
    ahead = undefined;
    const isThere = at?.epoch === position.epoch && at.n === position.n;
    return (isThere && page) || fetchPage(position, pageCount);
  };

  note(initial);
  if (initial && known) readAhead(endOf(initial.frames, { epoch: 0, n: 0 }));

  return async (position) => {
    if (known) {
      const frames = await pageAt(position);
      const end = endOf(frames, position);
      const log = frames.length > 0 ? withFrames(known, frames, end) : undefined;
      if (log?.hasMore) readAhead(end);
      if (log) return log;
    }
    const log = await fetchLog(position);
    note(log);
    return log;
  };
}
