import type { TaskOutcome } from '../../protocol/task-parts';
import type { TaskLog } from '../log/task-stream-context';
import { releaseOutcome } from './memory-outcome';
import { retain } from './memory-retention';
import { type MemoryLog, type MemoryState, releaseLog } from './memory-state';

/** What a stored frame takes beside its text, in bytes: an estimate, measured with Node 20. */
const frameOverheadBytes = 76;

/** About how many bytes frames take. */
export function bytesOf(frames: readonly string[]): number {
  return frames.reduce((sum, { length }) => sum + length + frameOverheadBytes, 0);
}

/** The log in memory as its producer gets it. Every append is stored at once. */
export function createMemoryLog(
  state: MemoryState,
  log: MemoryLog,
  maxTotalBytes: number,
): TaskLog {
  return {
    signal: log.stop.signal,
    append(data) {
      if (log.settledAt !== undefined) return;
      log.bytes += data.length + frameOverheadBytes;
      log.frames.append(data);
    },
    async settle(frames: readonly string[], status: TaskOutcome) {
      if (log.settledAt !== undefined) return false;
      for (const data of frames) log.frames.append(data);
      log.bytes += bytesOf(frames);
      log.status = status;
      log.settledAt = Date.now();
      retain(state, log, maxTotalBytes);
      log.frames.end();
      return true;
    },
    async release({ isSaved = false } = {}) {
      releaseOutcome(log, isSaved);
      releaseLog(state, log);
    },
    async predecessorsSaved() {
      await Promise.all(log.predecessors.map(({ released }) => released.promise));
    },
    isBehind: false,
    async caughtUp() {},
    async flushed() {},
  };
}
