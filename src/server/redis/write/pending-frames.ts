import type { OpenParts } from '../../log/open-parts';
import type { Entry } from '../scripts/stored-task';

/** What goes in one call. */
export interface Batch {
  readonly entries: Entry[];
  /** Whether this is all there is, and there is room for more in the call. */
  readonly isAll: boolean;
}

/** How an epoch begins in which the log goes on although frames were lost. */
interface EpochBeginning {
  /** The first frames. Behind them comes what its readers lack of what is open, and what waits. */
  readonly head: readonly string[];
  /** What became of the output of a tool call whose end was lost. */
  readonly errorText: string;
  /** The last frame of the epoch before that its readers have. */
  readonly last: number;
}

/** The frames that wait to be stored, in order. */
export interface PendingFrames {
  /** How many characters wait. */
  length(): number;
  /** The number of the first frame that waits. */
  first(): number;
  /** The number that the next frame gets. */
  next(): number;
  /** How many frames there were, in all epochs, before the first that waits. */
  storedCount(): number;
  /** How many there are with those that wait. */
  count(): number;
  /** What is open behind the last frame. */
  open(): OpenParts;
  /** Whether frames are dropped. */
  isDropping(): boolean;
  /** Whether another epoch has to begin now, because what comes next was dropped. */
  isEpochDue(): boolean;
  /** Adds a frame. Where more than `room` characters would wait, it and all that follow are dropped. */
  push(frame: string, room: number): void;
  /** Drops the newest frames until about `room` characters wait; what was sent stays. */
  shed(room: number): void;
  /** Keeps frames again, for the epoch that tells of those that were dropped. */
  resume(): void;
  /**
   * The entries of the next call, from frame `first` on. Nothing is taken away: asked again, they
   * are the same and more.
   */
  batch(first?: number): Batch;
  /** Forgets what is stored: everything up to frame `last`. */
  shift(last: number): void;
  /** Goes on in the next epoch, and gives the frames that it begins with: they are the first to wait. */
  beginEpoch(beginning: EpochBeginning): readonly string[];
}
