import type { TaskStatus } from '../../../protocol/task-parts';
import type { LogWindow } from '../../log/log-window';

/** What a commit announces. A hint: whoever misses it finds the same in the log. */
export interface WakeUp {
  readonly epoch: number;
  /** Frames `first` to `last` were added; none when `last` is below `first`. */
  readonly first: number;
  readonly last: number;
  /** Set when this settled the task. */
  readonly outcome: TaskStatus | undefined;
  /** The frames, when they are few. */
  readonly frames: string[] | undefined;
}

const headPattern = /^(\d+) (\d+) (-?\d+) ([a-z]*)$/;

/** Reads `epoch first last outcome`, and the frames that follow line by line. */
export function parseWakeUp(message: string): WakeUp | undefined {
  const end = message.indexOf('\n');
  const match = headPattern.exec(end < 0 ? message : message.slice(0, end));
  if (!match) return undefined;
  return {
    epoch: Number(match[1]),
    first: Number(match[2]),
    last: Number(match[3]),
    outcome: (match[4] || undefined) as TaskStatus | undefined,
    frames: end < 0 ? undefined : message.slice(end + 1).split('\n'),
  };
}

/**
 * Takes into a window of the same epoch what a wake-up brings, if that joins what is at hand. `false`:
 * there is something that it lacks.
 */
export function takeWakeUp(
  window: LogWindow,
  { epoch, first, last, outcome, frames }: WakeUp,
): boolean {
  if (epoch !== window.epoch) return false;
  if (frames && last >= window.next) window.add(epoch, first, frames);
  if (outcome === undefined) return last < window.next;
  if (last === window.next - 1) window.end();
  return window.isEnded;
}
