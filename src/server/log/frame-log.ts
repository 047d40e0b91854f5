import { formatCursor } from '../../protocol/cursor';
import { drawEpoch } from './epochs';
import { createLogReader } from './log-reader';
import { createLogWindow } from './log-window';
import type { ReadTaskOptions, TaskReader } from './task-stream-context';

export interface FrameLogOptions {
  /** The task, which readers are told of whose cursor is of another log. */
  taskId: string;
  /** The first chunks, as JSON. Default: none. */
  frames?: readonly string[];
  /**
   * Must lie above every epoch that earlier logs of the task had. Default: drawn by the clock, and
   * above all that this process has drawn before.
   */
  epoch?: number;
  /** Whether the producer counts as alive. Default: always, as for one that lives in this process. */
  isAlive?: () => boolean;
}

/** The frames of a log in the memory of this process, for a stream context of your own. */
export interface FrameLog {
  readonly epoch: number;
  /** The newest frame, as its `id` names it: `epoch-n`. */
  readonly cursor: string;
  /** Adds a chunk, as JSON, and wakes the readers. */
  append(data: string): void;
  /** Nothing will follow: readers are done once they have everything. */
  end(): void;
  /**
   * A reader with all duties of one: from after `cursor` on, or without the first `skip` frames. It
   * holds a position, and no frames.
   */
  read(options?: Pick<ReadTaskOptions, 'cursor' | 'skip'>): TaskReader;
}

/**
 * Holds the frames of one log for any number of readers, as the context in memory does. Nothing in
 * it is bounded: whoever made it lets go of it.
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
