import { frameType } from '../../protocol/compact-replay';
import { createTaskId } from '../../protocol/task-id';
import { endsOpen, nothingOpen, trackOpenFrames } from '../log/open-frames';
import type { FrameRange, TaskReader } from '../log/task-stream-context';
import { createDeferred } from '../time/deferred';
import { later } from '../time/later';
import { createGuardedSource } from './guarded-source';
import {
  encodeFrameLine,
  encodeHeader,
  encodeMark,
  encodeRun,
  type LiveHeader,
} from './live-lines';

/** About how many characters go into one string, when more is pending. */
const maxStringLength = 64 * 1024;

/**
 * How many characters of a log are sent. Every new reader gets them again in one message, which
 * must stay below the 32 MiB at which Redis cuts a subscriber off: a character takes 3 bytes at
 * most.
 */
const maxLogLength = 8 * 1024 * 1024;

/** Room beyond that for the outcome. */
const maxClosingLength = 2 * 1024 * 1024;

/**
 * How long the end is held back after a failure, in milliseconds: readers have missed something
 * then, and nobody can ask for that once it is over.
 */
const lingerMs = 4_000;

/** Sends a log to readers in other processes, as strings through a source that they share. */
export interface TaskBroadcast {
  /** Gives nothing before `start`. */
  readonly stream: ReadableStream<string>;
  start(options: { reader: TaskReader; header: LiveHeader }): void;
  /** Says how many of the log's last frames close it; to be called before they are in the log. */
  close(closingFrames: number): void;
  /** Resolves once all that is in the log now has been sent. */
  flushed(): Promise<void>;
  /** Resolves once the end has been sent. */
  readonly finished: Promise<void>;
  /** Ends a source that was never started. Does nothing to others. */
  abandon(): void;
}

const outcomeTypes = /^(data-.*|message-metadata|finish|error|abort)$/;

export function createTaskBroadcast(): TaskBroadcast {
  let started: { reader: TaskReader; header: LiveHeader } | undefined;
  let isAbandoned = false;
  const { promise: begun, resolve: begin } = createDeferred();
  // What the reader gave last, and the next frame to send.
  let range: FrameRange | undefined;
  let n = 0;
  // Whether readers must hear what has been sent, because some of it has not reached all.
  let isMarkDue = false;
  // By `performance.now()`.
  let failedAt = Number.NEGATIVE_INFINITY;
  // Whether the pump has sent everything and asked for more.
  let isIdle = false;
  let sentLength = 0;
  let isHeaderSent = false;
  let isEndSent = false;
  // Set once the log is full: the first frame of those that were not sent lately.
  let skippedFrom: number | undefined;
  let isFull = false;
  let closingFrames = 0;
  // What readers know, and do not know the end of.
  let sentOpen = nothingOpen;
  const run = encodeRun(createTaskId().slice(0, 8));
  const flushWaiters: (() => void)[] = [];
  // What comes next, while that is waited for.
  let upcoming: Promise<IteratorResult<FrameRange, undefined>> | undefined;

  const wakeFlushed = () => {
    for (const resolve of flushWaiters.splice(0)) resolve();
  };

  const endSkip = () => {
    if (skippedFrom === undefined) return '';
    const line = skippedFrom < n ? encodeMark('skip', skippedFrom, n) : '';
    skippedFrom = undefined;
    return line;
  };

  /** The lines for frame `n`. */
  const linesFor = (frame: string, isClosing: boolean) => {
    const line = encodeFrameLine(n, frame);
    const length = sentLength + line.length;
    if (!isFull && length <= (isClosing ? maxLogLength + maxClosingLength : maxLogLength)) {
      sentOpen = trackOpenFrames(sentOpen, frame, n);
      return line;
    }
    let lines = '';
    if (!isFull) {
      isFull = true;
      lines = encodeMark('full', n);
    }
    // Of a log that is full only the outcome is sent, and the ends of parts that readers know.
    const isOutcome = isClosing && outcomeTypes.test(frameType(frame) ?? '');
    const isWanted = isOutcome || endsOpen(sentOpen, frame);
    if (isWanted && length <= maxLogLength + maxClosingLength) {
      sentOpen = trackOpenFrames(sentOpen, frame, n);
      return lines + endSkip() + line;
    }
    skippedFrom ??= n;
    return lines;
  };

  const pending = ({ reader, header }: { reader: TaskReader; header: LiveHeader }) => {
    let text = '';
    const add = (lines: string) => {
      text += lines;
      sentLength += lines.length;
    };
    if (!isHeaderSent) add(encodeHeader(header));
    isHeaderSent = true;
    while (text.length < maxStringLength) {
      if (!range || n >= range.end) {
        const following = reader.take();
        if (!following) break;
        range = following;
      }
      const logEnd = range.offset + range.data.length;
      const closingFrom = closingFrames > 0 ? logEnd - closingFrames : logEnd;
      for (; n < range.end && text.length < maxStringLength; n++) {
        add(linesFor(range.data[n - range.offset] ?? '', n >= closingFrom));
      }
    }
    if (reader.isEnded && n >= (range?.end ?? 0) && !isEndSent) {
      isEndSent = true;
      add(endSkip() + encodeMark('end', n));
    }
    return text;
  };

  /** Waits for more; `false` when there was none for half a lease. */
  const waitForMore = async ({ reader, header }: { reader: TaskReader; header: LiveHeader }) => {
    upcoming ??= reader.next();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const beat = new Promise<undefined>((resolve) => {
      timer = later(() => resolve(undefined), header.leaseMs / 2);
    });
    const first = await Promise.race([upcoming, beat]);
    clearTimeout(timer);
    if (!first) return false;
    upcoming = undefined;
    range = first.value ?? range;
    return true;
  };

  /** Says again where the log ends, and gives readers the time to ask for what they have missed. */
  const linger = async (): Promise<string | undefined> => {
    if (isMarkDue) {
      isMarkDue = false;
      return encodeMark('end', n);
    }
    const remainingMs = failedAt + lingerMs - performance.now();
    if (remainingMs > 0) await new Promise((resolve) => setTimeout(resolve, remainingMs));
    return undefined;
  };

  const next = async (): Promise<string | undefined> => {
    await begun;
    if (!started) return undefined;
    for (;;) {
      if (isEndSent) return linger();
      // Nothing is taken ahead of what is waited for.
      const text = upcoming ? '' : pending(started);
      const isMark = text === '' && isMarkDue;
      isMarkDue = false;
      if (text !== '') return text;
      if (isMark) return encodeMark('sent', skippedFrom ?? n);
      isIdle = true;
      wakeFlushed();
      const hasMore = await waitForMore(started);
      isIdle = false;
      if (!hasMore) return encodeMark('sent', skippedFrom ?? n);
    }
  };

  const { stream, finished } = createGuardedSource({
    async next() {
      const text = await next();
      return text === undefined ? undefined : run + text;
    },
    onFailure() {
      isMarkDue = true;
      failedAt = performance.now();
    },
  });
  let isFinished = false;
  finished.then(() => {
    isFinished = true;
    wakeFlushed();
  });

  return {
    stream,
    finished,
    start(options) {
      if (started || isAbandoned) return;
      started = options;
      begin();
    },
    close(count) {
      closingFrames = count;
    },
    flushed() {
      const hasAll = isIdle && n >= (range ? range.offset + range.data.length : 0);
      if (hasAll || isFinished) return Promise.resolve();
      return new Promise((resolve) => {
        flushWaiters.push(resolve);
      });
    },
    abandon() {
      isAbandoned = true;
      begin();
    },
  };
}
