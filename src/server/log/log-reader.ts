import type { TaskError } from '../../protocol/task-error';
import { nextTurn } from '../time/next-turn';
import { pause } from '../time/pause';
import { type LogHistory, type LogPart, nothingOf } from './log-part';
import { createLogWalk, type ReaderStart } from './log-walk';
import type { LogWindow } from './log-window';
import type { FrameRange, TaskReader } from './task-stream-context';

export interface LogReaderOptions {
  window: LogWindow;
  /** Where the reader begins. Default: the start of the log. */
  from?: ReaderStart;
  /** Reads frames that the window does not have. Default: such frames are nowhere. */
  history?: LogHistory;
  /** What was read from `from` on before the reader was made. */
  initial?: LogPart | undefined;
  /** Whether the producer counts as alive. Default: always. */
  isAlive?: () => boolean;
  /**
   * Whether nothing will come any more although the log has not ended. With `true` the reader ends,
   * with an error it fails. Default: never.
   */
  isGone?: () => boolean | TaskError;
  onClose?: () => void;
}

type Step = IteratorResult<FrameRange, undefined>;

const over: Step = { value: undefined, done: true };

/** How long a reader waits before it asks a storage again that was away, in milliseconds. */
const retryMs = 250;

/**
 * Creates a reader of a log. Frames that the window has are taken from it at once. Frames before them
 * are fetched piece by piece; a piece is not fetched before the last one is handed out.
 */
export function createLogReader({
  window,
  from = {},
  history,
  initial,
  isAlive = () => true,
  isGone,
  onClose,
}: LogReaderOptions): TaskReader {
  const walk = createLogWalk({ window, from, initial, hasHistory: history !== undefined });
  let isClosed = false;
  let isFetching = false;
  // Ends the wait of `next`, by failing with an error if one is given.
  let wake: ((gone?: TaskError) => void) | undefined;
  // The promise that `next` returned last, until it is settled.
  let upcoming: Promise<Step> | undefined;

  window.readers.add(walk);

  const hasEnded = () => {
    if (isClosed) return true;
    if (window.isEnded) {
      walk.changeLog();
      if (walk.isAtEnd()) return true;
    }
    if (isGone?.() !== true) return false;
    walk.changeLog();
    return !walk.hasFetched();
  };

  const fetchHistory = async (fetch: LogHistory) => {
    isFetching = true;
    const { position, firstEpoch } = walk;
    try {
      const part = await fetch(position);
      if (isClosed) return;
      walk.changeLog();
      // If another log has taken the place of the one that was read, the answer is out of date.
      if (walk.firstEpoch === firstEpoch) {
        if (part?.record.firstEpoch === firstEpoch) walk.accept(part);
        // Frames are missing for good only if the log has ended: an open log may yet be written anew.
        else if (window.isEnded) walk.accept(nothingOf(window));
      }
    } catch {
      // The storage is away, which the context has reported. It is asked again later.
    }
    const { epoch, n } = walk.position;
    const hasMoved = epoch !== position.epoch || n !== position.n || walk.hasFetched();
    if (!hasMoved && !hasEnded()) await pause(retryMs);
    isFetching = false;
    check();
  };

  const take = () => {
    if (isClosed) return undefined;
    const hasFetched = history !== undefined && walk.hasFetched();
    const range = walk.take();
    // The next piece is fetched while this one is being sent.
    if (hasFetched && !isFetching && walk.lacksHistory()) void fetchHistory(history);
    return range;
  };

  /** What `next` resolves with; `undefined` when it has to wait. */
  const step = (): Step | undefined => {
    const value = take();
    if (value) return { value, done: false };
    return hasEnded() ? over : undefined;
  };

  const endWait = (gone?: TaskError) => {
    window.waiters.delete(check);
    wake?.(gone);
    wake = undefined;
  };

  /** Ends the wait of `next` if it can, and else makes sure that it will end. */
  const check = () => {
    if (!wake) return;
    if (walk.hasNext() || hasEnded()) return endWait();
    const gone = isGone?.();
    if (typeof gone === 'object') return endWait(gone);
    if (history && !isFetching && walk.lacksHistory()) void fetchHistory(history);
    window.waiters.add(check);
  };

  const beginWait = (resolve: (gone?: TaskError) => void) => {
    wake = resolve;
    check();
  };

  const waitForStep = async (): Promise<Step> => {
    try {
      for (;;) {
        const gone = await new Promise(beginWait);
        if (gone) throw gone;
        // Frames that come in the same turn are given together. The reader waits for its own next
        // turn, because in workerd a timer is gone with the request that has set it, and the request
        // that wakes the reader may be another one.
        if (!isClosed) await nextTurn();
        const result = step();
        if (result) return result;
      }
    } finally {
      upcoming = undefined;
    }
  };

  const close = () => {
    if (isClosed) return;
    isClosed = true;
    walk.leave();
    window.readers.delete(walk);
    endWait();
    onClose?.();
  };

  const reader: TaskReader = {
    take,

    next() {
      // Calls of `next` are answered one after the other.
      if (upcoming) return upcoming.then(() => reader.next());
      const result = step();
      if (result) return Promise.resolve(result);
      upcoming = waitForStep();
      return upcoming;
    },

    async return() {
      close();
      return over;
    },

    [Symbol.asyncIterator]: () => reader,

    get isEnded() {
      return hasEnded();
    },

    get isCut() {
      if (isClosed || !hasEnded()) return false;
      return walk.endsInGap || window.isCut || !walk.isAtEnd();
    },

    get isAlive() {
      return isAlive();
    },

    close,
  };
  return reader;
}
