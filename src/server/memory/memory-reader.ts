import { anotherLogRange } from '../log/another-log';
import { type ReaderStart, startPosition } from '../log/start-position';
import type { TaskReader } from '../log/task-stream-context';
import type { MemoryLog } from './memory-state';

/** A reader over a log in memory: a position in the log's own array. */
export function createMemoryReader(log: MemoryLog, from: ReaderStart = {}): TaskReader {
  const { epoch, data } = log;
  let { next: position, foreign } = startPosition(epoch, from);
  let isClosed = false;
  // True until the reader has seen the end of the log once.
  let isReplay = true;
  // Ends a pending wait.
  let release: (() => void) | undefined;

  const hasMore = () => foreign !== undefined || position < data.length;

  const isEnded = () => isClosed || (log.settledAt !== undefined && !hasMore());

  return {
    take() {
      if (isClosed || !hasMore()) {
        isReplay = false;
        return undefined;
      }
      if (foreign) {
        const range = anotherLogRange(log.taskId, foreign);
        foreign = undefined;
        return range;
      }
      const start = position;
      const end = data.length;
      position = end;
      return { epoch, data, offset: 0, start, end, isReplay };
    },

    wait() {
      if (isEnded() || hasMore()) return Promise.resolve();
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
