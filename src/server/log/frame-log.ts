import { formatCursor } from '../../protocol/cursor';
import { drawEpoch } from './epochs';
import { createLogReader } from './log-reader';
import { createLogWindow } from './log-window';
import type { ReadTaskOptions, TaskReader } from './task-stream-context';

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
}

/** The frames of a log in the memory of this process, for a stream context of your own. */
export interface FrameLog {
  readonly epoch: number;
  /** The newest frame, as its `id` names it: `epoch-n`. */
  readonly cursor: string;
  /** Adds a chunk, as JSON, and wakes the readers. */
  append(data: string): void;
  /** Ends the log: readers are done once they have everything. */
  end(): void;
  /**
   * A reader that keeps all promises of a `TaskReader`: from after `cursor` on, or without the first
   * `skip` frames. It holds a position, and no copies of frames.
   */
  read(options?: Pick<ReadTaskOptions, 'cursor' | 'skip'>): TaskReader;
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
}: FrameLogOptions): FrameLog {
  const window = createLogWindow({ taskId, epoch });
  for (const frame of frames) window.push(frame);
  return {
    epoch,
    get cursor() {
      return formatCursor(epoch, window.next - 1);
    },
    append(data) {
      window.push(data);
      window.wake();
    },
    end() {
      window.end();
      window.wake();
    },
    read: (from) => createLogReader({ window, from, isAlive }),
  };
}
