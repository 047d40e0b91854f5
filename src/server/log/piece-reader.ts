import type { Cursor } from '../../protocol/cursor';
import type { TaskHeartbeatData } from '../../protocol/task-parts';
import { startBeats } from '../time/beats';
import { later } from '../time/later';
import type { FrameRange, TaskReader } from './task-reader';

/** What was made of neighbouring frames, if anything, and one past the number of the last of them. */
export interface Piece<Content> {
  readonly content: Content | undefined;
  readonly end: number;
}

/** What a reader knows of a task that waits for a process. */
export interface Waiting {
  /** Whether the task waits because its runner was lost. */
  readonly isAfterLoss: boolean;
  /** Whether it still waits. */
  isWaiting(): boolean;
}

/** A log that is read piece by piece. */
export interface PieceReader {
  /** Hands out the next piece, once there is one, or says that there is none. One call at a time. */
  pull(): Promise<void>;
  /** Whether a call of `pull` waits for a piece. */
  isAwaited(): boolean;
  /** A heartbeat, if the log goes on, and its producer counts as alive or is waited for. */
  heartbeat(at: number): TaskHeartbeatData | undefined;
  /** Whether everything was handed out, and nothing will follow. */
  isAtEnd(): boolean;
  /** Whether the log ends without the task's outcome. */
  isCut(): boolean;
  /** Leaves. Idempotent. */
  close(): void;
}

/** After how many heartbeat intervals without a read the log's reader is closed. */
const maxIdleBeats = 3;

/** How long the first read is waited for at most, however long the interval is, in milliseconds. */
const maxUnreadMs = 60_000;

/**
 * Reads the ranges of a log, and makes pieces of each. The log's reader is closed when nobody has
 * read for three heartbeat intervals: a response whose body is not read, or not any more, must not
 * keep a log for ever. A later read opens another reader, which goes on where the first one stood.
 */
export function createPieceReader<Content>({
  reader: first,
  openReader,
  taskId,
  heartbeatMs,
  piecesOf,
  onPiece,
  onBeat,
  onWaiting,
  onLeave,
}: {
  reader?: TaskReader;
  /** Opens a reader after the cursor, or at the start. `undefined` when the log is gone. */
  openReader: (cursor?: Cursor) => Promise<TaskReader | undefined>;
  /** The task whose readers share the timer of their heartbeats. */
  taskId: string;
  heartbeatMs: number;
  /** Makes pieces of a range, lazily. */
  piecesOf: (range: FrameRange) => Iterator<Piece<Content>, undefined>;
  /** Gets the pieces that are pulled; `undefined` at the end. Not called after `close`. */
  onPiece: (content: Content | undefined) => void;
  /**
   * Called in every interval from the first read on, until the reader is closed, with the time in
   * epoch milliseconds; once more as soon as the task waits for a process.
   */
  onBeat?: (at: number) => void;
  /** Called with each heartbeat that tells that the task waits for a process. */
  onWaiting?: ((waiting: Waiting) => void) | undefined;
  /** Called whenever the log is left: at the end, and when nobody has read for long. */
  onLeave?: (() => void) | undefined;
}): PieceReader {
  let reader: TaskReader | undefined;
  // The pieces that are left of a range, and the epoch and end of that range.
  let pieces: Iterator<Piece<Content>, undefined> | undefined;
  let epoch = 0;
  let end = 0;
  // The last frame that was handed out.
  let last: Cursor | undefined;
  let isAwaited = false;
  let isClosed = false;
  let idleBeats = 0;
  let unread: ReturnType<typeof setTimeout> | undefined;
  let stopBeats: (() => void) | undefined;
  // Whether a heartbeat has told that the task waits, and nothing was handed out since.
  let isWaitingTold = false;

  const tellWaiting = () => {
    if (!isWaitingTold) onBeat?.(Date.now());
  };

  const use = (opened: TaskReader | undefined) => {
    reader = opened;
    opened?.onWaiting?.(tellWaiting);
  };

  const letGo = () => {
    clearTimeout(unread);
    stopBeats?.();
    stopBeats = undefined;
    pieces = undefined;
    reader?.close();
    reader = undefined;
    onLeave?.();
  };

  const close = () => {
    isClosed = true;
    letGo();
  };

  const beat = (at: number) => {
    if (!isAwaited && ++idleBeats >= maxIdleBeats) letGo();
    else onBeat?.(at);
  };

  /** What the next piece holds that holds anything; `undefined` if nothing is left of the range. */
  const takeContent = () => {
    while (pieces) {
      const piece = pieces.next().value;
      if (piece) last = { epoch, n: piece.end - 1 };
      // A range that was handed out is not kept in memory while nothing follows it.
      if (!piece || piece.end >= end) pieces = undefined;
      if (piece?.content !== undefined) return piece.content;
    }
    return undefined;
  };

  use(first);
  if (first) unread = later(letGo, Math.min(maxIdleBeats * heartbeatMs, maxUnreadMs));

  return {
    async pull() {
      if (isClosed) return;
      isAwaited = true;
      idleBeats = 0;
      clearTimeout(unread);
      unread = undefined;
      stopBeats ??= startBeats(taskId, heartbeatMs, beat);
      try {
        let content = takeContent();
        while (content === undefined) {
          if (!reader) use(await openReader(last));
          if (isClosed) return letGo();
          const range = (await reader?.next())?.value;
          if (isClosed) return;
          if (!range) break;
          ({ epoch, end } = range);
          isWaitingTold = false;
          pieces = piecesOf(range);
          content = takeContent();
        }
        isAwaited = false;
        onPiece(content);
      } catch (error) {
        close();
        throw error;
      }
    },
    isAwaited: () => isAwaited,
    heartbeat(at) {
      if (!reader?.isAlive || reader.isEnded) return undefined;
      const data = { taskId, at, intervalMs: heartbeatMs };
      isWaitingTold = reader.isWaiting === true;
      if (!isWaitingTold) return data;
      const { isAfterLoss = false } = reader;
      onWaiting?.({ isAfterLoss, isWaiting: () => reader?.isWaiting === true });
      return { ...data, waiting: true };
    },
    isAtEnd: () => pieces === undefined && reader?.isEnded !== false,
    isCut: () => reader?.isCut ?? !reader,
    close,
  };
}
