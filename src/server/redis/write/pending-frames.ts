import type { GapCause } from '../../log/frame-gap';
import type { Entry } from '../scripts/stored-task';

/** What goes in one call. */
interface Batch {
  readonly entries: Entry[];
  /** Whether this is all there will ever be: the frames that settle the task included. */
  readonly isLast: boolean;
}

/** The frames that wait to be stored, in order, with gaps where some were dropped. */
export interface PendingFrames {
  /** Characters that wait. */
  readonly length: number;
  /** The number of the first frame that waits. */
  readonly first: number;
  /** The number that the next frame gets. */
  readonly next: number;
  /** Why frames are being dropped now; `undefined` when they are not. */
  readonly dropping: GapCause | undefined;
  push(frame: string): void;
  /** Counts a frame that is not kept. Neighbours are one gap, which has the cause of the first. */
  drop(frame: string, cause: GapCause): void;
  /** Adds the frames that settle the task; they go in one call. Nothing can be added any more. */
  settle(frames: readonly string[]): void;
  /** Takes the frames that settle the task away again, none of which is stored. */
  unsettle(): void;
  /** Whether there is something to send. What is being dropped can wait for a storage that is away. */
  hasWork(isAway: boolean): boolean;
  /**
   * The entries of the next call, from frame `first` on. Nothing is taken away: asked again, they
   * are the same and more.
   */
  batch(isAway: boolean, first?: number): Batch;
  /** Forgets what is stored: everything up to frame `last`. */
  shift(last: number): void;
  /** The log ends with frame `last`, before what waits: what it has lost becomes a gap. */
  lose(last: number): void;
  /** Drops the newest frames until about `maxLength` characters wait; what was sent stays. */
  shed(maxLength: number): void;
  /** Starts of the parts that are open before what waits, for readers who know nothing. */
  openStarts(): string[];
  /** Goes on in another log, which has those starts, and in which what waits begins at `first`. */
  restart(first: number): void;
}
