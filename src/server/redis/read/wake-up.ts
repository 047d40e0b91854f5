import type { TaskStatus } from '../../../protocol/task-parts';
import type { LogWindow } from '../../log/log-window';

/** What a commit announces on the task's channel. If it gets lost, the log tells the same. */
export interface WakeUp {
  readonly epoch: number;
  /** The numbers of the first and last frame that were added; `last` is below `first` if none were. */
  readonly first: number;
  readonly last: number;
  /** Set when the task is over, or waits for a runner (`pending`). */
  readonly status: Exclude<TaskStatus, 'running'> | undefined;
  /** The frames that were added, if they are few. */
  readonly frames: string[] | undefined;
}

const headPattern = /^(\d+) (\d+) (-?\d+) ([a-z]*)$/;

/** Reads `epoch first last status`, and the frames that follow line by line. */
export function parseWakeUp(message: string): WakeUp | undefined {
  const end = message.indexOf('\n');
  const match = headPattern.exec(end < 0 ? message : message.slice(0, end));
  if (!match) return undefined;
  return {
    epoch: Number(match[1]),
    first: Number(match[2]),
    last: Number(match[3]),
    status: (match[4] || undefined) as WakeUp['status'],
    frames: end < 0 ? undefined : message.slice(end + 1).split('\n'),
  };
}

/**
 * Takes the frames and the outcome of a wake-up into a window, if they join what the window has.
 * Returns `false` when the window lacks something after that.
 */
export function takeWakeUp(
  window: LogWindow,
  { epoch, first, last, status, frames }: WakeUp,
): boolean {
  if (epoch !== window.epoch) return false;
  if (frames && last >= window.next) window.add(epoch, first, frames);
  if (status === undefined) return last < window.next;
  // How long the task waits is to be looked up.
  if (status === 'pending') return false;
  if (last === window.next - 1) window.end();
  return window.isEnded;
}
