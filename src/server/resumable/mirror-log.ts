import type { LiveGapCause } from './live-gap';
import type { LiveHeader, LiveLine } from './live-lines';

/** Neighbouring frames: `data[n - offset]`. */
interface MirrorSegment {
  readonly offset: number;
  readonly data: string[];
}

/** A log put together from lines that may come twice, in any order, or not at all. */
export interface MirrorLog {
  /** Set once it has come. */
  readonly header: LiveHeader | undefined;
  /** In order. What lies between two of them was not sent. All are new when the epoch changes. */
  readonly segments: readonly MirrorSegment[];
  /** The next frame that may come. */
  readonly next: number;
  /** Why frames from `gapFrom` on are missing, if some are. */
  readonly gapCause: LiveGapCause | undefined;
  readonly gapFrom: number;
  /** Whether nothing will follow. */
  readonly isEnded: boolean;
  /** Whether it has ended without the task's outcome. */
  readonly isCut: boolean;
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

export function createMirrorLog(): MirrorLog {
  let header: LiveHeader | undefined;
  // Whose lines count, and whose are coming now.
  let run: string | undefined;
  let sender: string | undefined;
  let segment: MirrorSegment = { offset: 0, data: [] };
  let segments = [segment];
  // Frames that came before others that are missing.
  const early = new Map<number, string>();
  let earlyLength = 0;
  // Frames that are not sent: one past the last, by the first.
  const skips = new Map<number, number>();
  // What is known to have been sent, and where the log ends.
  let sent = 0;
  let end = Number.POSITIVE_INFINITY;
  let gapCause: LiveGapCause | undefined;
  let gapFrom = Number.POSITIVE_INFINITY;

  /**
   * Whether a header begins another log of the task, for the same readers, which takes the place of
   * this one: whoever ran this one has not told of its end, and the storage had forgotten it.
   */
  const isSuccessor = (other: LiveHeader) =>
    header !== undefined &&
    other.epoch > header.epoch &&
    other.owner === header.owner &&
    other.definition === header.definition;

  const beginAnew = (other: LiveHeader) => {
    header = other;
    run = sender;
    segment = { offset: 0, data: [] };
    segments = [segment];
    early.clear();
    earlyLength = 0;
    skips.clear();
    sent = 0;
    end = Number.POSITIVE_INFINITY;
    gapCause = undefined;
    gapFrom = Number.POSITIVE_INFINITY;
  };

  const nextOf = () => segment.offset + segment.data.length;

  const addFrame = (n: number, data: string) => {
    if (n < nextOf() || early.has(n)) return;
    if (n === nextOf()) {
      segment.data.push(data);
    } else if (earlyLength + data.length <= maxEarlyLength) {
      early.set(n, data);
      earlyLength += data.length;
    }
    sent = Math.max(sent, n + 1);
  };

  /** Takes over what had come before its turn. */
  const advance = () => {
    for (;;) {
      const n = nextOf();
      const data = early.get(n);
      const skip = skips.get(n);
      if (data !== undefined) {
        early.delete(n);
        earlyLength -= data.length;
        segment.data.push(data);
      } else if (skip !== undefined && skip > n) {
        segment = { offset: skip, data: [] };
        segments.push(segment);
      } else return;
    }
  };

  return {
    get segments() {
      return segments;
    },
    get header() {
      return header;
    },
    get next() {
      return nextOf();
    },
    get gapCause() {
      return gapCause;
    },
    get gapFrom() {
      return gapFrom;
    },
    get isEnded() {
      return nextOf() >= end;
    },
    get isCut() {
      if (gapCause === undefined || nextOf() < end) return false;
      return !segment.data.some((frame) => frame.startsWith(settleType));
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
          header ??= line.header;
          break;
        case 'frame':
          addFrame(line.n, line.data);
          break;
        case 'sent':
          sent = Math.max(sent, line.n);
          break;
        case 'full':
          gapCause ??= 'log-full';
          gapFrom = Math.min(gapFrom, line.n);
          break;
        case 'skip':
          skips.set(line.n, line.end);
          break;
        case 'end':
          end = line.n;
          break;
      }
      advance();
      return true;
    },

    changeStream() {
      sender = undefined;
    },

    cut() {
      gapCause = 'end-missed';
      gapFrom = Math.min(gapFrom, nextOf());
      end = nextOf();
    },
  };
}
