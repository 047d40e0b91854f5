import type { Cursor } from '../../../protocol/cursor';
import type { LogEntry } from '../../log/log-part';
import { lengthOf } from '../../log/log-window';
import { type StoredLog, type StoredRecord, withFrames } from '../scripts/stored-log';
import type { HistorySource } from '../scripts/stored-task';

/** How many entries are read at once, about a megabyte of large ones; fewer the first time. */
const pageCount = 16;
const firstPageCount = 8;

/** From how many characters on average entries are large, and read in pages. */
const minPageEntryLength = 16 * 1024;

function averageLength(entries: readonly LogEntry[]): number {
  const lengths = entries.reduce((sum, { frames }) => sum + lengthOf(frames), 0);
  return lengths / Math.max(1, entries.length);
}

/** The place after the frames that were read. */
function endOf(frames: readonly LogEntry[], position: Cursor): Cursor {
  const last = frames.at(-1);
  return last ? { epoch: last.epoch, n: last.offset + last.frames.length } : position;
}

/**
 * Looks at a task, and at the same time reads the first entries from a position on. A task that the
 * reader may not know of is asked for no further, as if it did not exist.
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
  // If the two do not fit, because an epoch has begun between them, or one of them was lost, the task
  // is read once more.
  return (frames && withFrames(log, frames, endOf(frames, position))) ?? fetchLog(position);
}

/**
 * Reads the history for one reader, piece by piece. Large entries are read in pages, the next one
 * while the last one is used. Pages do not tell where the task stands, so the task is looked at again
 * when another epoch begins, or when something is missing.
 */
export function createHistoryFetcher({
  initial,
  fetchLog,
  fetchPage,
}: HistorySource & {
  /** What was read of the log before. */
  initial: StoredLog | undefined;
}): (position: Cursor) => Promise<StoredLog | undefined> {
  // The task as it was last looked at; set while its entries are read in pages.
  let known: StoredLog | undefined;
  let ahead: { readonly position: Cursor; readonly page: Promise<LogEntry[]> } | undefined;

  const note = (log: StoredLog | undefined) => {
    const isLarge = log?.hasMore && averageLength(log.frames) >= minPageEntryLength;
    known = isLarge ? log : undefined;
  };

  const readAhead = (position: Cursor) => {
    const page = fetchPage(position, pageCount);
    // The error is handled when the page is used.
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
