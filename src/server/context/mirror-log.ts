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
  /** In order. What lies between two of them was not sent. */
  readonly segments: readonly MirrorSegment[];
  /** The next frame that may come. */
  readonly next: number;
  /** Why frames from `gapFrom` on are missing, if some are. */
  readonly gapCause: LiveGapCause | undefined;
  readonly gapFrom: number;
  /** Whether nothing will follow. */
  readonly isEnded: boolean;
  /** Whether something was sent that has not come. */
  readonly lacksFrames: boolean;
  add(line: LiveLine): void;
  /** Forgets whose lines were coming, for those of another stream. */
  changeStream(): void;
  /** Ends the log here: what would have followed is nowhere any more. */
  cut(): void;
}

/** How much is kept of frames that came before others that are missing, in characters. */
const maxEarlyLength = 1024 * 1024;

export function createMirrorLog(): MirrorLog {
  let header: LiveHeader | undefined;
  // Whose lines count, and whose are coming now.
  let run: string | undefined;
  let sender: string | undefined;
  let segment: MirrorSegment = { offset: 0, data: [] };
  const segments = [segment];
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
    segments,
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
    get lacksFrames() {
      const isShort = end !== Number.POSITIVE_INFINITY && nextOf() < end;
      return early.size > 0 || sent > nextOf() || isShort;
    },

    add(line) {
      if (line.kind === 'run') {
        sender = line.run;
        run ??= sender;
        return;
      }
      if (run === undefined || sender !== run) return;
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
