import type { Cursor } from '../../protocol/cursor';
import type { ReadTaskOptions } from './task-stream-context';

/** Where a reader wants to begin. */
export type ReaderStart = Pick<ReadTaskOptions, 'cursor' | 'skip'>;

/** Where a reader begins in a log of one epoch. */
export interface StartPosition {
  /** The first frame that it gets. */
  readonly next: number;
  /** Set when its cursor is of another log: it has to be told, and gets all of this one. */
  readonly foreign: Cursor | undefined;
}

/** Where the reader of a log whose frames are all of one epoch begins. */
export function startPosition(epoch: number, { cursor, skip = 0 }: ReaderStart): StartPosition {
  if (!cursor) return { next: skip, foreign: undefined };
  return cursor.epoch === epoch
    ? { next: cursor.n + 1, foreign: undefined }
    : { next: 0, foreign: cursor };
}
