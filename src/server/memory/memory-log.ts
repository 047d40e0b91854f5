import type { TaskOutcome } from '../../protocol/task-parts';
import { cancelledError, createStopReason } from '../log/stop-reason';
import type { TaskLog } from '../log/task-stream-context';
import { releaseOutcome } from './memory-outcome';
import { retain } from './memory-retention';
import {
  leaveChat,
  type MemoryLog,
  type MemoryState,
  markReleased,
  predecessorsReleased,
} from './memory-state';

/** What a stored frame costs beside its text, in bytes. An estimate, measured on Node 20. */
const frameOverheadBytes = 76;

/** Adds a chunk to a log in memory; the caller wakes the readers. */
export function appendChunk(log: MemoryLog, data: string): void {
  log.window.push(data);
  log.bytes += data.length + frameOverheadBytes;
}

/** The producer's end of a log in memory. Every append is stored at once. */
export function createMemoryLog(
  state: MemoryState,
  log: MemoryLog,
  maxTotalBytes: number,
): TaskLog {
  const controller = new AbortController();

  const onCancel = () => {
    if (log.cancel) controller.abort(createStopReason(cancelledError(log.cancel.reason)));
  };
  log.cancelListeners.add(onCancel);
  onCancel();

  return {
    signal: controller.signal,
    append(data) {
      if (log.settledAt !== undefined) return;
      appendChunk(log, data);
      log.window.wake();
    },
    async settle(frames: readonly string[], status: TaskOutcome) {
      if (log.settledAt !== undefined) return false;
      for (const data of frames) appendChunk(log, data);
      log.status = status;
      log.settledAt = Date.now();
      log.cancelListeners.clear();
      retain(state, log, maxTotalBytes);
      log.window.end();
      log.window.wake();
      return true;
    },
    async release({ isSaved = false } = {}) {
      releaseOutcome(log, isSaved);
      leaveChat(state, log);
      markReleased(log);
    },
    predecessorsSaved: () => predecessorsReleased(log),
    isBehind: false,
    async caughtUp() {},
    async flushed() {},
  };
}
