import type { OpenParts } from '../../log/open-parts';
import type { Entry } from '../scripts/stored-task';

/** The entries that go in one call. */
export interface Batch {
  readonly entries: Entry[];
  /** Whether these are all that wait, and the call has room for more. */
  readonly isAll: boolean;
}

/** How an epoch begins in which a log goes on after frames were lost. */
interface EpochBeginning {
  /** The first frames. After them come starts and ends of parts that readers lack, and what waits. */
  readonly head: readonly string[];
  /** The error of tool calls whose output was lost. */
  readonly errorText: string;
  /** The number of the last frame of the epoch before that readers have. */
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
  /** How many frames there were, in all epochs, before the first frame that waits. */
  storedCount(): number;
  /** How many frames there were in all epochs, those that wait included. */
  count(): number;
  /** The parts that are open after the last frame. */
  open(): OpenParts;
  /** Whether no frames were dropped until now. */
  isWhole(): boolean;
  /** Whether new frames are dropped. */
  isDropping(): boolean;
  /** Whether another epoch has to begin now, because the next frames were dropped. */
  isEpochDue(): boolean;
  /** Adds a frame. If more than `room` characters would wait, drops it and all that follow. */
  push(frame: string, room: number): void;
  /** Drops the newest frames until about `room` characters wait. Frames that were sent stay. */
  shed(room: number): void;
  /** Keeps new frames again, for the epoch that tells of the dropped ones. */
  resume(): void;
  /**
   * The entries of the next call, from frame `first` on. They stay here until `shift`: asked again,
   * the same entries are given, and perhaps more.
   */
  batch(first?: number): Batch;
  /** Forgets the frames up to frame `last`, which are stored. */
  shift(last: number): void;
  /** Begins the next epoch, and returns its first frames, which are now the first that wait. */
  beginEpoch(beginning: EpochBeginning): readonly string[];
}
