import { TaskError } from '../../protocol/task-error';
import { unlessAway } from '../log/task-errors';
import { answerWithin } from '../time/answer-within';
import { createDeferred } from '../time/deferred';
import { leaveStream } from '../time/leave-stream';
import { answerTimeoutMs } from './answer-timeout';
import { createLineParser, type LiveLine } from './live-lines';
import type { MirrorLog } from './mirror-log';

type Strings = ReadableStream<string> | null | undefined;

export interface MirrorStreamOptions {
  log: MirrorLog;
  /** Asks for the stream from its start. `null`: the stream is over. `undefined`: there is none. */
  resume: () => Promise<Strings>;
  /** Called once nothing will come any more. */
  onOver: () => void;
}

/** Fills a log from a stream, and asks for the stream again when something of it is missing. */
export interface MirrorStream {
  /** Why nothing will follow although the log has not ended. */
  readonly failure: TaskError | undefined;
  /** Whether the stream was left, has ended or has failed. */
  readonly isOver: boolean;
  /** Whether the producer has given a sign within its lease. */
  readonly isAlive: boolean;
  /**
   * Resolves with `true` once the log has begun, or nothing will come any more; with `null` when the
   * stream is over, and with `undefined` when there is none.
   *
   * @throws TaskError `context-unavailable` when nobody answers in time.
   */
  open(): Promise<true | null | undefined>;
  /** Idempotent. */
  leave(): void;
}

/** How long a frame may be missing before the stream is asked for again, in milliseconds. */
const maxHoleMs = 1_000;

/** How often the stream is asked for again without progress. */
const maxAttempts = 2;

async function* linesOf(reader: ReadableStreamDefaultReader<string>): AsyncGenerator<LiveLine[]> {
  const parse = createLineParser();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield parse(value);
  }
}

function createLostError(cause: unknown): TaskError {
  return new TaskError({
    code: 'lost',
    message: 'The process that runs the task gives no sign any more. Try again later.',
    retryable: true,
    cause,
  });
}

export function createMirrorStream({ log, resume, onOver }: MirrorStreamOptions): MirrorStream {
  let failure: TaskError | undefined;
  let isOver = false;
  // When the producer last gave a sign, by `performance.now()`.
  let heardAt = performance.now();
  // Since when frames are missing, by `performance.now()`.
  let holeSince: number | undefined;
  // How often the stream was asked for again without progress, and whether it is being asked for.
  let attempts = 0;
  let isAsking = false;
  let reader: ReadableStreamDefaultReader<string> | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const { promise: begun, resolve: tellBegun } = createDeferred();

  // The lease is in the header; before that has come, an estimate has to do.
  const leaseMs = () => log.header?.leaseMs ?? 2 * answerTimeoutMs;

  const leave = () => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    leaveStream(reader);
    tellBegun();
    log.window?.wake();
    onOver();
  };

  const fail = (cause?: unknown) => {
    failure ??= createLostError(cause);
    leave();
  };

  const add = (lines: readonly LiveLine[]) => {
    for (const line of lines) if (log.add(line)) heardAt = performance.now();
    if (!log.lacksFrames) {
      attempts = 0;
      holeSince = undefined;
    }
    if (log.header) tellBegun();
    if (log.window?.isEnded) leave();
    else log.window?.wake();
  };

  const follow = async (stream: ReadableStream<string>) => {
    leaveStream(reader);
    const own = stream.getReader();
    reader = own;
    log.changeStream();
    try {
      for await (const lines of linesOf(own)) {
        if (isOver || reader !== own) return;
        add(lines);
      }
    } catch {
      // A stream that breaks is treated as one that ends before the log's end.
    }
    if (reader === own) askAgain();
  };

  const ask = (timeoutMs: number) => unlessAway(answerWithin(timeoutMs, resume(), leaveStream));

  /** Asks for the stream again, for missing frames, or to learn whether the producer still lives. */
  const askAgain = async () => {
    if (isAsking || isOver) return;
    attempts++;
    if (attempts > maxAttempts) return fail();
    isAsking = true;
    try {
      // With this timeout, readers learn within three heartbeats and a second of a lost producer.
      const stream = await ask(Math.min(answerTimeoutMs, Math.max(1_000, leaseMs() / 2)));
      holeSince = undefined;
      if (isOver) leaveStream(stream);
      else if (stream) follow(stream);
      else if (stream === undefined) fail();
      else {
        log.cut();
        leave();
      }
    } catch (cause) {
      fail(cause);
    } finally {
      isAsking = false;
    }
  };

  const watch = () => {
    const now = performance.now();
    if (log.lacksFrames) holeSince ??= now;
    const isSilent = now - heardAt >= leaseMs();
    const isIncomplete = holeSince !== undefined && now - holeSince >= maxHoleMs;
    if (isSilent || isIncomplete) askAgain();
  };

  return {
    get failure() {
      return failure;
    },
    get isOver() {
      return isOver;
    },
    get isAlive() {
      return !isOver && performance.now() - heardAt < leaseMs();
    },
    async open() {
      const stream = await ask(answerTimeoutMs);
      if (!stream) return stream;
      follow(stream);
      try {
        await unlessAway(answerWithin(answerTimeoutMs, begun));
      } catch (error) {
        leave();
        throw error;
      }
      if (!isOver) timer = setInterval(watch, Math.min(maxHoleMs, leaseMs() / 2));
      return true;
    },
    leave,
  };
}
