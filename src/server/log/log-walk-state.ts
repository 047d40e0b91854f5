import type { Cursor } from '../../protocol/cursor';
import type { QueuedRange } from './log-part';
import type { LogWindow } from './log-window';
import type { VoidFrames } from './void-frames';

/**
 * How far a reader has come in a log, and which range comes next. A walk never waits. It is data with
 * functions, and no object with closures, because a server keeps thousands of walks.
 */
export interface LogWalk {
  readonly window: LogWindow;
  /** Whether frames that are not at hand can be fetched. */
  readonly hasHistory: boolean;
  /** The first epoch of the log that is read, which tells this log from others of the task. */
  firstEpoch: number;
  /** The frame that the reader wants next. */
  position: Cursor;
  /** The last frame that the reader has: the one that it took last, or else its cursor. */
  last: Cursor | undefined;
  /** Ranges that come before those at hand, made of fetched frames. */
  queued: QueuedRange[];
  /** The window's void frames when they were last left out of `queued`. */
  leftOut: readonly VoidFrames[];
  /** Whether `last` was taken for the reader's client, and not only named by it as its cursor. */
  hasTaken: boolean;
  /** True until the reader has seen the end of the log once. */
  isReplay: boolean;
  /** Whether the reader was told of the window's gap. */
  isTold: boolean;
  /** Whether the range that was taken last tells of missing frames. */
  endsInGap: boolean;
}
