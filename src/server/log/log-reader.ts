import type { TaskError } from '../../protocol/task-error';
import { nextTurn } from '../time/next-turn';
import { pause } from '../time/pause';
import { type LogHistory, type LogPart, nothingOf } from './log-part';
import {
  accept,
  changeLog,
  createLogWalk,
  hasNext,
  isAtEnd,
  isVoided,
  lacksFrames,
  type ReaderStart,
  takeNext,
} from './log-walk';
import type { LogWalk } from './log-walk-state';
import type { LogWindow } from './log-window';
import type { FrameRange, TaskReader } from './task-reader';

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
  /** Whether the task waits for a runner. Default: never. */
  isWaiting?: (() => boolean) | undefined;
  /** Whether it waits because its runner was lost. Default: never. */
  isAfterLoss?: () => boolean;
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
 * A class, because a server keeps thousands of readers, which share its methods. Those that a caller
 * may take off a reader are bound to it.
 */
class LogReader implements TaskReader {
  private readonly log: Omit<LogReaderOptions, 'from' | 'initial'>;
  private readonly walk: LogWalk;
  private isClosed = false;
  private isFetching = false;
  // Ends the wait of `next`, by failing with an error if one is given.
  private wake: ((gone?: TaskError) => void) | undefined;
  // Called when the task waits, and `next` does, too.
  private tellWaiting: (() => void) | undefined;
  // The promise that `next` returned last, until it is settled.
  private upcoming: Promise<Step> | undefined;

  constructor({ from = {}, initial, ...log }: LogReaderOptions) {
    const { window, history } = log;
    this.log = log;
    this.walk = createLogWalk({ window, from, initial, hasHistory: history !== undefined });
    window.readers.add(this.walk);
  }

  take = () => {
    if (this.isClosed) return undefined;
    const wasFetched = this.walk.queued.length > 0;
    const range = takeNext(this.walk);
    // The next piece is fetched while this one is being sent.
    if (wasFetched) this.fetchIfNeeded();
    return range;
  };

  next = (): Promise<Step> => {
    // Calls of `next` are answered one after the other.
    if (this.upcoming) return this.upcoming.then(() => this.next());
    const step = this.step();
    if (step) return Promise.resolve(step);
    this.upcoming = this.waitForStep();
    return this.upcoming;
  };

  close = () => {
    if (this.isClosed) return;
    this.isClosed = true;
    this.walk.queued = [];
    this.log.window.readers.delete(this.walk);
    this.endWait();
    this.log.onClose?.();
  };

  async return() {
    this.close();
    return over;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  get isEnded(): boolean {
    if (this.isClosed || isVoided(this.walk)) return true;
    const { window, isGone } = this.log;
    if (window.isEnded) {
      changeLog(this.walk);
      if (isAtEnd(this.walk)) return true;
    }
    if (isGone?.() !== true) return false;
    changeLog(this.walk);
    return this.walk.queued.length === 0;
  }

  get isCut() {
    if (this.isClosed || !this.isEnded) return false;
    return this.walk.endsInGap || this.log.window.isCut || !isAtEnd(this.walk);
  }

  get isAlive() {
    return this.log.isAlive?.() ?? true;
  }

  get isWaiting() {
    return this.log.isWaiting?.() ?? false;
  }

  get isAfterLoss() {
    return this.log.isAfterLoss?.() ?? false;
  }

  onWaiting = (listener: () => void) => {
    this.tellWaiting = listener;
  };

  /** What `next` resolves with; `undefined` when it has to wait. */
  private step(): Step | undefined {
    const value = this.take();
    if (value) return { value, done: false };
    return this.isEnded ? over : undefined;
  }

  private async waitForStep(): Promise<Step> {
    try {
      for (;;) {
        const gone = await new Promise(this.beginWait);
        if (gone) throw gone;
        // Frames that come in the same turn are given together. The reader waits for its own next
        // turn, because in workerd a timer is gone with the request that has set it, and the request
        // that wakes the reader may be another one.
        if (!this.isClosed) await nextTurn();
        const step = this.step();
        if (step) return step;
      }
    } finally {
      this.upcoming = undefined;
    }
  }

  private beginWait = (resolve: (gone?: TaskError) => void) => {
    this.wake = resolve;
    this.check();
  };

  /** Ends the wait of `next` if it can, and else makes sure that it will end. */
  private check = () => {
    if (!this.wake) return;
    if (hasNext(this.walk) || this.isEnded) return this.endWait();
    const gone = this.log.isGone?.();
    if (typeof gone === 'object') return this.endWait(gone);
    this.fetchIfNeeded();
    this.log.window.waiters.add(this.check);
    // The last step, because whoever is told may close this reader.
    if (this.tellWaiting && this.isWaiting) this.tellWaiting();
  };

  private endWait(gone?: TaskError) {
    this.log.window.waiters.delete(this.check);
    this.wake?.(gone);
    this.wake = undefined;
  }

  private fetchIfNeeded() {
    const { history } = this.log;
    if (history && !this.isFetching && lacksFrames(this.walk)) void this.fetch(history);
  }

  private async fetch(history: LogHistory) {
    const { walk } = this;
    const { window, position, firstEpoch } = walk;
    const hasMoved = () =>
      walk.queued.length > 0 ||
      walk.position.epoch !== position.epoch ||
      walk.position.n !== position.n;
    this.isFetching = true;
    try {
      const part = await history(position);
      if (this.isClosed) return;
      changeLog(walk);
      // If another log has taken the place of the one that was read, the answer is out of date.
      if (walk.firstEpoch === firstEpoch) {
        const isOfLog = part?.record.firstEpoch === firstEpoch;
        if (isOfLog) accept(walk, part);
        // Frames are missing for good only if the log has ended: an open log may yet be written anew,
        // and the producer may yet store what the storage does not have of an end that is known here.
        const isMissing = isOfLog ? !part.hasMore && !hasMoved() && !this.isAlive : true;
        if (window.isEnded && isMissing) accept(walk, nothingOf(window));
      }
    } catch {
      // The storage is away, which the context has reported. It is asked again later.
    }
    if (!hasMoved() && !this.isEnded) await pause(retryMs);
    this.isFetching = false;
    this.check();
  }
}

/**
 * Creates a reader of a log. Frames that the window has are taken from it at once. Frames before them
 * are fetched piece by piece; a piece is not fetched before the last one is handed out.
 */
export function createLogReader(options: LogReaderOptions): TaskReader {
  return new LogReader(options);
}
