import { createLogWindow, type LogWindow } from '../log/log-window';
import { createFrameOrder, hasOutcome } from './frame-order';
import type { LiveHeader, LiveLine } from './live-lines';

/** A log put together from the lines of streams, whoever writes to these. */
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

export function createMirrorLog(taskId: string): MirrorLog {
  let header: LiveHeader | undefined;
  let window: LogWindow | undefined;
  let order = createFrameOrder();
  // Whose lines count, and whose are coming now.
  let run: string | undefined;
  let sender: string | undefined;

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

  return {
    get window() {
      return window;
    },
    get header() {
      return header;
    },
    get lacksFrames() {
      return order.lacksFrames(window?.next ?? 0);
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
        run = sender;
        order = createFrameOrder();
        begin(line.header);
      }
      if (line.kind === 'header' && !header) begin(line.header);
      order.add(line, window);
      if (window) order.fill(window);
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
