import { frameType } from '../../protocol/compact-replay';
import { endedBy, nothingOpen, trackFrame } from '../log/open-parts';
import { encodeFrameLine, encodeHeader, encodeMark, type LiveHeader } from './live-lines';

/**
 * How many characters of a log are sent. Every new reader gets them again in one message, which
 * must stay below the 32 MiB at which Redis cuts a subscriber off: a character takes 3 bytes at
 * most.
 */
const maxLogLength = 8 * 1024 * 1024;

/** Room beyond that for the outcome. */
const maxClosingLength = 2 * 1024 * 1024;

const outcomeTypes = /^(data-.*|message-metadata|finish|error|abort)$/;

/** The lines in which a log is sent to other processes; one that is too long is not sent whole. */
export interface BroadcastLines {
  /** Begins the log. */
  readonly header: string;
  /** The lines for frame `n`: none if it is not sent. */
  frame(n: number, frame: string, isClosing: boolean): string;
  /** Says that everything before frame `n` has been sent. */
  sent(n: number): string;
  /** Ends the log before frame `n`. */
  end(n: number): string;
}

export function createBroadcastLines(header: LiveHeader): BroadcastLines {
  const headerLine = encodeHeader(header);
  let length = headerLine.length;
  // Set once the log is full: the first frame of those that were not sent lately.
  let skippedFrom: number | undefined;
  let isFull = false;
  // What readers know, and do not know the end of.
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
      // Of a log that is full only the outcome is sent, and the ends of parts that readers know.
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
