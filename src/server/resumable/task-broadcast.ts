import { createTaskId } from '../../protocol/task-id';
import type { FrameRange, TaskReader } from '../log/task-reader';
import { createDeferred } from '../time/deferred';
import { later } from '../time/later';
import { createBroadcastLines } from './broadcast-lines';
import { createGuardedSource } from './guarded-source';
import { encodeRun, type LiveHeader } from './live-lines';

/** About how many characters go into one string, when more is pending. */
const maxStringLength = 64 * 1024;

/**
 * How long the stream's end is held back after a failure, in milliseconds: readers have missed
 * something then, and cannot ask for it any more once the stream is over.
 */
const lingerMs = 4_000;

/** The log to send, and what other processes have to know before its first frame. */
interface BroadcastLog {
  readonly reader: TaskReader;
  readonly header: LiveHeader;
}

/** Sends a log to readers in other processes, as the strings of one stream that they share. */
export interface TaskBroadcast {
  /** The stream of strings. It is silent before `start`. */
  readonly stream: ReadableStream<string>;
  start(log: BroadcastLog): void;
  /** Says how many of the log's last frames close it; to be called before they are in the log. */
  close(closingFrames: number): void;
  /** Resolves once all that is in the log now has been sent. */
  flushed(): Promise<void>;
  /** Resolves once the end has been sent. */
  readonly finished: Promise<void>;
  /** Ends a broadcast that was never started. Does nothing after `start`. */
  abandon(): void;
}

/** Waits for an answer, for `ms` milliseconds at most. */
async function within<Answer>(ms: number, answer: Promise<Answer>): Promise<Answer | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = later(() => resolve(undefined), ms);
  });
  const first = await Promise.race([answer, timeout]);
  clearTimeout(timer);
  return first;
}

export function createTaskBroadcast(): TaskBroadcast {
  const { promise: begun, resolve: begin } = createDeferred<BroadcastLog | undefined>();
  // The range that the reader gave last, and the number of the next frame to send.
  let range: FrameRange | undefined;
  let n = 0;
  let closingFrames = 0;
  // Whether readers have to be told how much was sent, because some of it has not reached them all.
  let isMarkDue = false;
  // When the pump failed last, by `performance.now()`.
  let failedAt = Number.NEGATIVE_INFINITY;
  // Whether the pump has sent everything and asked for more, and whether it has dealt with the end.
  let isIdle = false;
  let isFinished = false;
  const flushWaiters: (() => void)[] = [];

  const wakeFlushed = () => {
    for (const resolve of flushWaiters.splice(0)) resolve();
  };

  async function* strings(): AsyncGenerator<string, undefined> {
    const log = await begun;
    if (!log) return;
    const { reader, header } = log;
    const lines = createBroadcastLines(header);
    let text = lines.header;
    // The reader's next range while it is waited for. Nothing is taken from the reader meanwhile.
    let upcoming: ReturnType<TaskReader['next']> | undefined;

    /** The frames that are at hand and have yet to be sent. */
    const pending = () => {
      if (upcoming) return undefined;
      if (!range || n >= range.end) range = reader.take() ?? range;
      return range && n < range.end ? range : undefined;
    };

    for (;;) {
      for (let at = pending(); at && text.length < maxStringLength; at = pending()) {
        const { data, offset, end } = at;
        const closingFrom = offset + data.length - closingFrames;
        for (; n < end && text.length < maxStringLength; n++) {
          text += lines.frame(n, data[n - offset] ?? '', closingFrames > 0 && n >= closingFrom);
        }
      }
      const isOver = !upcoming && n >= (range?.end ?? 0) && reader.isEnded;
      if (isOver) text += lines.end(n);
      if (text === '' && isMarkDue) text = lines.sent(n);
      isMarkDue = false;
      if (text !== '') {
        yield text;
        if (isOver) break;
        text = '';
        continue;
      }
      isIdle = true;
      wakeFlushed();
      upcoming ??= reader.next();
      const next = await within(header.leaseMs / 2, upcoming);
      isIdle = false;
      if (next) {
        upcoming = undefined;
        range = next.value ?? range;
      } else text = lines.sent(n);
    }
    // After a failure the end is told again, and readers get the time to ask for what they missed.
    while (isMarkDue) {
      isMarkDue = false;
      yield lines.end(n);
    }
    const remainingMs = failedAt + lingerMs - performance.now();
    if (remainingMs > 0) await new Promise((resolve) => setTimeout(resolve, remainingMs));
  }

  const run = encodeRun(createTaskId().slice(0, 8));
  const source = strings();
  const { stream, finished } = createGuardedSource({
    async next() {
      const { value } = await source.next();
      return value && run + value;
    },
    onFailure() {
      isMarkDue = true;
      failedAt = performance.now();
    },
  });
  finished.then(() => {
    isFinished = true;
    wakeFlushed();
  });

  return {
    stream,
    finished,
    start: begin,
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
    abandon: () => begin(undefined),
  };
}
