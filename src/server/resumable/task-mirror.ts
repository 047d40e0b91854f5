import { createLogReader } from '../log/log-reader';
import type { ReaderStart } from '../log/log-walk';
import type { LogWindow } from '../log/log-window';
import { createUnavailableError } from '../log/task-errors';
import type { TaskReader } from '../log/task-reader';
import type { LiveHeader } from './live-lines';
import { createMirrorLog } from './mirror-log';
import { createMirrorStream, type MirrorStream, type MirrorStreamOptions } from './mirror-stream';

/** What this process has of a log that another process sends. All readers here share it. */
export interface TaskMirror {
  /** The header of the log; another header when another log takes its place. */
  readonly header: LiveHeader;
  /** The frames that have come. */
  readonly window: LogWindow;
  readonly stream: MirrorStream;
  /** Opens one more reader. When the last reader has closed, the stream is left. */
  read(from?: ReaderStart): TaskReader;
}

/**
 * Follows a log that another process sends. Resolves with `null` when the log is over, and with
 * `undefined` when there is no such log.
 *
 * @throws TaskError `context-unavailable` when nobody answers in time.
 */
export async function openTaskMirror({
  taskId,
  ...options
}: Omit<MirrorStreamOptions, 'log'> & { taskId: string }): Promise<TaskMirror | null | undefined> {
  const log = createMirrorLog(taskId);
  const stream = createMirrorStream({ ...options, log });
  const opened = await stream.open();
  if (!opened) return opened;
  const { header, window } = log;
  if (!header || !window) {
    stream.leave();
    if (stream.failure) throw createUnavailableError(stream.failure);
    return null;
  }
  return {
    get header() {
      return log.header ?? header;
    },
    window,
    stream,
    read(from) {
      return createLogReader({
        ...{ window, from },
        isAlive: () => stream.isAlive,
        isGone: () => stream.failure ?? false,
        onClose() {
          if (window.readers.size === 0) stream.leave();
        },
      });
    },
  };
}
