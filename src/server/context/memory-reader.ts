import { parseCursor } from '../../protocol/cursor';
import type { MemoryLog } from './memory-state';
import type { TaskReader } from './task-stream-context';

/** The number of the first frame after `cursor`. A cursor of a later epoch is past every frame. */
export function positionAfter(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const { epoch, n } = parseCursor(cursor) ?? { epoch: 0, n: -1 };
  return epoch === 0 ? n + 1 : Number.POSITIVE_INFINITY;
}

/** A reader over a log in memory: a position in the log's own array. */
export function createMemoryReader(log: MemoryLog, cursor: string | undefined): TaskReader {
  let position = positionAfter(cursor);
  let isClosed = false;
  // True until the reader has seen the end of the log once.
  let isReplay = true;
  // Ends a pending wait.
  let release: (() => void) | undefined;

  const isEnded = () => isClosed || (log.settledAt !== undefined && position >= log.data.length);

  return {
    take() {
      const start = position;
      const end = log.data.length;
      if (isClosed || start >= end) {
        isReplay = false;
        return undefined;
      }
      position = end;
      return { epoch: 0, data: log.data, offset: 0, start, end, isReplay };
    },

    wait() {
      if (isEnded() || position < log.data.length) return Promise.resolve();
      return new Promise<void>((resolve) => {
        release = resolve;
        log.waiters.add(resolve);
      });
    },

    get isEnded() {
      return isEnded();
    },

    // The log and its producer live and die in one process.
    isAlive: true,

    close() {
      isClosed = true;
      if (!release) return;
      log.waiters.delete(release);
      release();
    },
  };
}
