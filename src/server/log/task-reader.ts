/**
 * Neighbouring frames of one epoch, as a view over an array that only grows: nothing is copied.
 * Frame `n`, for `start <= n < end`, is `data[n - offset]`, the chunk as JSON.
 */
export interface FrameRange {
  /** The epoch of all frames: at least 1, and above the epochs of all earlier logs of the task. */
  readonly epoch: number;
  readonly data: readonly string[];
  readonly offset: number;
  readonly start: number;
  readonly end: number;
  /** Whether these frames were in the log before the reader had caught up with it. */
  readonly isReplay: boolean;
}

/**
 * Reads a log from some place on, as an iterator of ranges. A reader holds a position, and never a
 * copy of frames that it has yet to read. One iteration at a time.
 */
export interface TaskReader extends AsyncIterator<FrameRange, undefined> {
  /**
   * The next range, once there is one. Frames that come in the same turn of the event loop are given
   * as one range. `done` when the log has ended, or the reader was closed.
   */
  next(): Promise<IteratorResult<FrameRange, undefined>>;
  /** The next range at once, if it is at hand. Not to be called while `next` is waiting. */
  take(): FrameRange | undefined;
  [Symbol.asyncIterator](): AsyncIterator<FrameRange, undefined>;
  /** True once everything was taken and nothing will follow, or the reader was closed. */
  readonly isEnded: boolean;
  /**
   * Whether the reader has ended without the task's outcome, because the log is gone or the context
   * was closed: the response then ends without `[DONE]`. Default: never.
   */
  readonly isCut?: boolean;
  /** Whether the producer counts as alive, or the task waits; heartbeats go out only while it does. */
  readonly isAlive: boolean;
  /** Whether the task waits for a runner, so that heartbeats say so. Default: never. */
  readonly isWaiting?: boolean;
  /**
   * Whether the task waits because its runner was lost, so that many processes learn of it at once.
   * Default: never.
   */
  readonly isAfterLoss?: boolean;
  /**
   * Has a function called as soon as it is known that the task waits for a runner, while `next` waits
   * for frames; there may be more calls than one. Default: only heartbeats find out.
   */
  onWaiting?(listener: () => void): void;
  /** Leaves the log, without any effect on it or on other readers. Idempotent. */
  close(): void;
}
