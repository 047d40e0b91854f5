import type { TaskError } from '../../protocol/task-error';
import { createDeferred, type Deferred } from '../time/deferred';
import { pause } from '../time/pause';
import { type LogHistory, type LogPart, nothingOf } from './log-part';
import { createLogWalk, type ReaderStart } from './log-walk';
import type { LogWindow } from './log-window';
import type { TaskReader } from './task-stream-context';

export interface LogReaderOptions {
  window: LogWindow;
  /** Default: the start of the log. */
  from?: ReaderStart;
  /** Reads what the window has not. Default: that is nowhere. */
  history?: LogHistory;
  /** What was read from there on when the reader was made. */
  initial?: LogPart | undefined;
  /** Whether the producer counts as alive. Default: always. */
  isAlive?: () => boolean;
  /**
   * Whether nothing will come any more although the log has not ended: the reader ends here, or
   * fails with the error that is given. Default: never.
   */
  isGone?: () => boolean | TaskError;
  onClose?: () => void;
}

/** How long a reader waits before it asks a storage again that was away, in milliseconds. */
const retryMs = 250;

/**
 * A reader of a log. What this process has at hand it takes from there, at once; what lies before
 * that it fetches piece by piece, and each no sooner than it hands out the one before.
 */
export function createLogReader({
  window,
  from = {},
  history,
  initial,
  isAlive = () => true,
  isGone = () => false,
  onClose,
}: LogReaderOptions): TaskReader {
  const walk = createLogWalk({ window, from, initial, hasHistory: history !== undefined });
  let isClosed = false;
  let isFetching = false;
  // What all who wait now are waiting for.
  let waiting: Deferred | undefined;

  window.readers.add(walk);

  const hasEnded = () => {
    if (isClosed) return true;
    walk.changeLog();
    return walk.isAtEnd || (!walk.hasFetched && isGone() === true);
  };

  const fetchHistory = async (fetch: LogHistory) => {
    isFetching = true;
    const { position, firstEpoch } = walk;
    try {
      const part = await fetch(position);
      if (isClosed) return;
      walk.changeLog();
      // Else it was asked for in the log before.
      if (walk.firstEpoch === firstEpoch) {
        if (part?.record.firstEpoch === firstEpoch) walk.accept(part);
        // One that is still open may yet come back.
        else if (window.isEnded) walk.accept(nothingOf(window));
      }
    } catch {
      // The storage is away, which the context has reported: it is asked again.
    }
    const { epoch, n } = walk.position;
    const hasMoved = epoch !== position.epoch || n !== position.n || walk.hasFetched;
    if (!hasMoved && !hasEnded()) await pause(retryMs);
    isFetching = false;
    check();
  };

  const endWait = (failure?: TaskError) => {
    if (!waiting) return;
    const { resolve, reject } = waiting;
    waiting = undefined;
    window.waiters.delete(check);
    if (failure) reject(failure);
    else resolve();
  };

  /** Ends the wait when there is something, and sees to it otherwise that there will be. */
  const check = () => {
    if (!waiting) return;
    if (hasEnded() || walk.hasNext) return endWait();
    const gone = isGone();
    if (typeof gone === 'object') return endWait(gone);
    if (history && walk.lacksHistory && !isFetching) void fetchHistory(history);
    window.waiters.add(check);
  };

  return {
    take() {
      if (isClosed) return undefined;
      const { hasFetched } = walk;
      const range = walk.take();
      // The next piece comes while this one is being sent.
      if (hasFetched && history && !isFetching && walk.lacksHistory) void fetchHistory(history);
      return range;
    },

    wait() {
      waiting ??= createDeferred();
      const { promise } = waiting;
      check();
      return promise;
    },

    get isEnded() {
      return hasEnded();
    },

    get isCut() {
      if (isClosed || !hasEnded()) return false;
      return walk.endsInGap || window.isCut || !walk.isAtEnd;
    },

    get isAlive() {
      return isAlive();
    },

    close() {
      if (isClosed) return;
      isClosed = true;
      walk.leave();
      window.readers.delete(walk);
      endWait();
      onClose?.();
    },
  };
}
