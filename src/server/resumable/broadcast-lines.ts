import { frameType } from '../../protocol/compact-replay';
import { endedBy, nothingOpen, trackFrame } from '../log/open-parts';
import { encodeFrameLine, encodeHeader, encodeMark, type LiveHeader } from './live-lines';

/**
 * How many characters of a log are sent. Every new reader gets all of them again in one message, and
 * Redis cuts a subscriber off at 32 MiB: a character takes 3 bytes at most.
 */
const maxLogLength = 8 * 1024 * 1024;

/** How many characters more may be sent for the outcome. */
const maxClosingLength = 2 * 1024 * 1024;

const outcomeTypes = /^(data-.*|message-metadata|finish|error|abort)$/;

/** The lines in which a log is sent to other processes. Of a long log, parts are left out. */
export interface BroadcastLines {
  /** The line that begins the log. */
  readonly header: string;
  /** The lines for frame `n`; empty if the frame is not sent. */
  frame(n: number, frame: string, isClosing: boolean): string;
  /** The line that says: everything before frame `n` has been sent. */
  sent(n: number): string;
  /** The line that ends the log before frame `n`. */
  end(n: number): string;
}

export function createBroadcastLines(header: LiveHeader): BroadcastLines {
  const headerLine = encodeHeader(header);
  let length = headerLine.length;
  // Set once the log is full: where the newest run of frames that were not sent begins.
  let skippedFrom: number | undefined;
  let isFull = false;
  // The parts that readers know the start of, and not the end.
  let open = nothingOpen;

  const counted = (lines: string) => {
    length += lines.length;
    return lines;
  };

  const endSkip = (n: number) => {
    const line =
      skippedFrom !== undefined && skippedFrom < n ? encodeMark('skip', skippedFrom, n) : '';
    skippedFrom = undefined;
    return line;
  };

  return {
    header: headerLine,
    frame(n, frame, isClosing) {
      const line = encodeFrameLine(n, frame);
      const maxLength = maxLogLength + maxClosingLength;
      const newLength = length + line.length;
      if (!isFull && newLength <= (isClosing ? maxLength : maxLogLength)) {
        open = trackFrame(open, frame, n);
        return counted(line);
      }
      const full = isFull ? '' : encodeMark('full', n);
      isFull = true;
      // Once the log is full, only the outcome is sent, and the ends of parts that readers know.
      const isOutcome = isClosing && outcomeTypes.test(frameType(frame) ?? '');
      const isWanted = isOutcome || endedBy(open, frame) === 'open';
      if (isWanted && newLength <= maxLength) {
        open = trackFrame(open, frame, n);
        return counted(full + endSkip(n) + line);
      }
      skippedFrom ??= n;
      return counted(full);
    },
    sent: (n) => encodeMark('sent', skippedFrom ?? n),
    end: (n) => endSkip(n) + encodeMark('end', n),
  };
}
