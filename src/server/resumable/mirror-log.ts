import { createLogWindow, type LogWindow } from '../log/log-window';
import { createFrameOrder, hasOutcome } from './frame-order';
import type { LiveHeader, LiveLine } from './live-lines';

/** A log put together from the lines of streams, to which more than one process may write. */
export interface MirrorLog {
  /** Set once the header has come. */
  readonly header: LiveHeader | undefined;
  /** The frames that have come; set once the header has. */
  readonly window: LogWindow | undefined;
  /** Whether something was sent that has not come. */
  readonly lacksFrames: boolean;
  /** Takes a line in; returns `false` when the line is not of this log. */
  add(line: LiveLine): boolean;
  /** To be called before the lines of another stream: their sender is not known yet. */
  changeStream(): void;
  /** Ends the log here, because whatever would have followed is lost. */
  cut(): void;
}

export function createMirrorLog(taskId: string): MirrorLog {
  let header: LiveHeader | undefined;
  let window: LogWindow | undefined;
  let order = createFrameOrder();
  // The sender whose lines count, and the sender of the lines that are coming now.
  let run: string | undefined;
  let sender: string | undefined;

  /**
   * Whether a header begins another log of the task, for the same readers, that takes the place of
   * this log: the storage has forgotten this log, whose process has not told of its end.
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
