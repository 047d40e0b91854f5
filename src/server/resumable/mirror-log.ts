import { createLogWindow, type LogWindow } from '../log/log-window';
import type { LiveHeader, LiveLine } from './live-lines';

/** A log put together from lines that may come twice, in any order, or not at all. */
export interface MirrorLog {
  /** Set once it has come. */
  readonly header: LiveHeader | undefined;
  /** The frames that have come, since the header has; all are new when the epoch changes. */
  readonly window: LogWindow | undefined;
  /** Whether something was sent that has not come. */
  readonly lacksFrames: boolean;
  /** `false`: the line is not one of this log. */
  add(line: LiveLine): boolean;
  /** Forgets whose lines were coming, for those of another stream. */
  changeStream(): void;
  /** Ends the log here: what would have followed is nowhere any more. */
  cut(): void;
}

/** How much is kept of frames that came before others that are missing, in characters. */
const maxEarlyLength = 1024 * 1024;

const settleType = '{"type":"data-task-settle"';

/** Whether the frames that close the log have come. */
function hasOutcome({ segments }: LogWindow): boolean {
  return segments.at(-1)?.data.some((frame) => frame.startsWith(settleType)) === true;
}

export function createMirrorLog(taskId: string): MirrorLog {
  let header: LiveHeader | undefined;
  let window: LogWindow | undefined;
  // Whose lines count, and whose are coming now.
  let run: string | undefined;
  let sender: string | undefined;
  // Frames that came before others that are missing, or before the header.
  const early = new Map<number, string>();
  let earlyLength = 0;
  // Frames that are not sent: one past the last, by the first.
  const skips = new Map<number, number>();
  // What is known to have been sent, from where on most is not, and where the log ends.
  let sent = 0;
  let fullFrom: number | undefined;
  let end = Number.POSITIVE_INFINITY;

  /**
   * Whether a header begins another log of the task, for the same readers, which takes the place of
   * this one: whoever ran this one has not told of its end, and the storage had forgotten it.
   */
  const isSuccessor = (other: LiveHeader) =>
    header !== undefined &&
    other.epoch > header.epoch &&
    other.owner === header.owner &&
    other.definition === header.definition;

  const begin = (first: LiveHeader) => {
    header = first;
    if (window) window.changeLog(first.epoch);
    else window = createLogWindow({ taskId, epoch: first.epoch });
  };

  const beginAnew = (other: LiveHeader) => {
    begin(other);
    run = sender;
    early.clear();
    earlyLength = 0;
    skips.clear();
    sent = 0;
    fullFrom = undefined;
    end = Number.POSITIVE_INFINITY;
  };

  const nextOf = () => window?.next ?? 0;

  const addFrame = (n: number, data: string) => {
    if (n < nextOf() || early.has(n)) return;
    if (window && n === window.next) {
      window.push(data);
    } else if (earlyLength + data.length <= maxEarlyLength) {
      early.set(n, data);
      earlyLength += data.length;
    }
    sent = Math.max(sent, n + 1);
  };

  /** Takes over what had come before its turn. */
  const advance = (log: LogWindow) => {
    if (fullFrom !== undefined) log.lose(fullFrom, 'log-full');
    for (;;) {
      const n = log.next;
      const data = early.get(n);
      const skip = skips.get(n);
      if (data !== undefined) {
        early.delete(n);
        earlyLength -= data.length;
        log.push(data);
      } else if (skip !== undefined && skip > n) log.leap(skip);
      else break;
    }
    if (log.next >= end) log.end({ isCut: log.gap !== undefined && !hasOutcome(log) });
  };

  return {
    get window() {
      return window;
    },
    get header() {
      return header;
    },
    get lacksFrames() {
      const isShort = end !== Number.POSITIVE_INFINITY && nextOf() < end;
      return early.size > 0 || sent > nextOf() || isShort;
    },

    add(line) {
      if (line.kind === 'run') {
        sender = line.run;
        run ??= sender;
        return sender === run;
      }
      if (run === undefined) return false;
      if (sender !== run) {
        if (line.kind !== 'header' || !isSuccessor(line.header)) return false;
        beginAnew(line.header);
      }
      switch (line.kind) {
        case 'header':
          if (!header) begin(line.header);
          break;
        case 'frame':
          addFrame(line.n, line.data);
          break;
        case 'sent':
          sent = Math.max(sent, line.n);
          break;
        case 'full':
          fullFrom = Math.min(fullFrom ?? line.n, line.n);
          break;
        case 'skip':
          skips.set(line.n, line.end);
          break;
        case 'end':
          end = line.n;
          break;
      }
      if (window) advance(window);
      return true;
    },

    changeStream() {
      sender = undefined;
    },

    cut() {
      if (!window) return;
      window.lose(window.next, 'end-missed');
      window.end({ isCut: !hasOutcome(window) });
    },
  };
}
