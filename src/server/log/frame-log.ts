import { type Cursor, formatCursor } from '../../protocol/cursor';
import { drawEpoch, noteEpoch } from './epochs';
import { createLogReader } from './log-reader';
import { createLogWindow } from './log-window';
import type { TaskReader } from './task-reader';
import type { ReadTaskOptions } from './task-stream-context';

export interface FrameLogOptions {
  /** The task, named in the error that a reader with a cursor of another log gets. */
  taskId: string;
  /** The first chunks, as JSON. Default: none. */
  frames?: readonly string[];
  /**
   * The log's epoch, which must lie above every epoch of earlier logs of the task. Default: taken
   * from the clock, and above all epochs that this process has seen.
   */
  epoch?: number;
  /** Whether the producer counts as alive. Default: always, as a producer in this process does. */
  isAlive?: () => boolean;
  /** Whether the task waits for a runner. Default: never. */
  isWaiting?: () => boolean;
}

/** The frames of a log in the memory of this process, for a stream context of your own. */
export interface FrameLog {
  /** The epoch of the newest attempt. */
  readonly epoch: number;
  /** The number that the next frame of `epoch` gets. */
  readonly next: number;
  /** The newest frame, as its `id` names it: `epoch-n`. */
  readonly cursor: string;
  /** Adds a chunk, as JSON, and wakes the readers. */
  append(data: string): void;
  /**
   * Begins the next epoch, in which the next attempt goes on after the frame `last` with its first
   * chunks. Frames after `last` are void: a reader that has taken any of them ends as one that was
   * cut, all others never get them.
   */
  rewind(last: Cursor, data: readonly string[]): void;
  /** To be called when the task has begun to wait for a runner: readers are told at once. */
  wake(): void;
  /**
   * Ends the log: readers are done once they have everything.
   *
   * @param options.isCut Whether the log ends without the task's outcome. Default false.
   */
  end(options?: { isCut: boolean }): void;
  /**
   * A reader that keeps all promises of a `TaskReader`: from after `cursor` on, or without the first
   * `skip` frames. It holds a position, and no copies of frames.
   */
  read(options?: Pick<ReadTaskOptions, 'cursor' | 'isContinued' | 'skip'>): TaskReader;
}

/**
 * Holds the frames of one log for any number of readers, as the context in memory does. It keeps all
 * frames: whoever has made it has to drop it.
 */
export function createFrameLog({
  taskId,
  frames = [],
  epoch = drawEpoch(),
  isAlive,
  isWaiting,
}: FrameLogOptions): FrameLog {
  const window = createLogWindow({ taskId, epoch });
  for (const frame of frames) window.push(frame);
  return {
    get epoch() {
      return window.epoch;
    },
    get next() {
      return window.next;
    },
    get cursor() {
      return formatCursor(window.epoch, window.next - 1);
    },
    append(data) {
      window.push(data);
      window.wake();
    },
    rewind(last, data) {
      window.rewind(last);
      noteEpoch(window.epoch);
      for (const frame of data) window.push(frame);
      window.wake();
    },
    wake: window.wake,
    end(how) {
      window.end(how);
      window.wake();
    },
    read: (from) => createLogReader({ window, from, isAlive, isWaiting }),
  };
}
