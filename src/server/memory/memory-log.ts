import type { TaskLog } from '../log/task-stream-context';
import { endLog, handOver, keepCheckpoint, withdrawLog } from './memory-attempts';
import { bytesOf, frameOverheadBytes } from './memory-bytes';
import { releaseOutcome } from './memory-outcome';
import { type MemoryLog, type MemoryState, releaseLog } from './memory-state';

/**
 * The log in memory as its producer gets it, who may write as long as the log has its token. Every
 * append is stored at once.
 */
export function createMemoryLog(state: MemoryState, log: MemoryLog, token: string): TaskLog {
  const isOurs = () => log.settledAt === undefined && log.token === token;
  const append = (data: string) => {
    log.bytes += data.length + frameOverheadBytes;
    log.frames.append(data);
  };
  return {
    attempt: log.attempt ?? 1,
    signal: log.stop.signal,
    append(data) {
      if (isOurs()) append(data);
    },
    async checkpoint(data, start) {
      if (!isOurs()) return false;
      append(data);
      if (log.attempts) keepCheckpoint(log, log.attempts, start);
      return log.attempts !== undefined;
    },
    async handOver(options = {}) {
      if (!isOurs()) return 'closed';
      return log.attempts ? handOver(state, log, log.attempts, options) : 'refused';
    },
    async settle(frames, status) {
      if (!isOurs()) return false;
      for (const data of frames) log.frames.append(data);
      log.bytes += bytesOf(frames);
      endLog(state, log, status);
      return true;
    },
    async release({ isSaved = false } = {}) {
      // The task is somebody else's now, or of those who will take it.
      if (log.token !== token) return;
      releaseOutcome(state, log, isSaved);
      releaseLog(state, log);
    },
    async withdraw() {
      if (log.openedBy !== token || !log.attempts?.waiting || log.attempt !== 0) return false;
      withdrawLog(state, log);
      return true;
    },
    async predecessorsSaved() {
      await Promise.all(log.predecessors.map(({ released }) => released.promise));
    },
    predecessors: log.predecessors.map(({ taskId }) => taskId),
    isBehind: false,
    async caughtUp() {},
    async flushed() {},
  };
}
