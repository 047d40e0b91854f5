import type { LogWindow } from '../log/log-window';
import type { LiveLine } from './live-lines';

/** Puts the lines of one log in their order. They may come twice, in any order, or not at all. */
export interface FrameOrder {
  /** Takes note of a line. A frame whose turn it is goes into `window`, if there is one yet. */
  add(line: LiveLine, window: LogWindow | undefined): void;
  /** Puts the frames whose turn it is now into the window. */
  fill(window: LogWindow): void;
  /** Whether something that was sent has not come, `next` being the frame whose turn it is. */
  lacksFrames(next: number): boolean;
}

/** How many characters are kept of frames that came before their turn. */
const maxEarlyLength = 1024 * 1024;

const settleType = '{"type":"data-task-settle"';

/** Whether the frames that close the log have come. */
export function hasOutcome({ segments }: LogWindow): boolean {
  return segments.at(-1)?.data.some((frame) => frame.startsWith(settleType)) === true;
}

export function createFrameOrder(): FrameOrder {
  // Frames that came before their turn, or before the header.
  const early = new Map<number, string>();
  let earlyLength = 0;
  // Runs of frames that are not sent: one past the last frame, by the first one.
  const skips = new Map<number, number>();
  // One past the last frame that is known to have been sent; the frame from which on most frames are
  // not sent; and one past the last frame of the log.
  let sent = 0;
  let fullFrom: number | undefined;
  let end = Number.POSITIVE_INFINITY;

  const addFrame = (n: number, data: string, window: LogWindow | undefined) => {
    if (n < (window?.next ?? 0) || early.has(n)) return;
    if (window && n === window.next) window.push(data);
    else if (earlyLength + data.length <= maxEarlyLength) {
      early.set(n, data);
      earlyLength += data.length;
    }
    sent = Math.max(sent, n + 1);
  };

  return {
    add(line, window) {
      if (line.kind === 'frame') addFrame(line.n, line.data, window);
      else if (line.kind === 'sent') sent = Math.max(sent, line.n);
      else if (line.kind === 'full') fullFrom = Math.min(fullFrom ?? line.n, line.n);
      else if (line.kind === 'skip') skips.set(line.n, line.end);
      else if (line.kind === 'end') end = line.n;
    },
    fill(window) {
      if (fullFrom !== undefined) window.lose(fullFrom, 'log-full');
      for (;;) {
        const n = window.next;
        const data = early.get(n);
        const skip = skips.get(n);
        if (data !== undefined) {
          early.delete(n);
          earlyLength -= data.length;
          window.push(data);
        } else if (skip !== undefined && skip > n) window.leap(skip);
        else break;
      }
      if (window.next >= end) {
        window.end({ isCut: window.gap !== undefined && !hasOutcome(window) });
      }
    },
    lacksFrames(next) {
      const isShort = end !== Number.POSITIVE_INFINITY && next < end;
      return early.size > 0 || sent > next || isShort;
    },
  };
}
