import { TaskError } from '../../protocol/task-error';
import { createLogReader } from '../log/log-reader';
import type { ReaderStart } from '../log/log-walk';
import type { LogWindow } from '../log/log-window';
import { createUnavailableError, unlessAway } from '../log/task-errors';
import type { TaskReader } from '../log/task-stream-context';
import { answerWithin } from '../time/answer-within';
import { createDeferred } from '../time/deferred';
import { createLineParser, type LiveHeader } from './live-lines';
import { createMirrorLog } from './mirror-log';

/** What this process has of a log that another one sends. All readers here share it. */
export interface TaskMirror {
  /** Of its log; another one when the epoch changes. */
  readonly header: LiveHeader;
  /** What has come of the log. */
  readonly window: LogWindow;
  /** Why nothing will follow although the log has not ended. */
  readonly failure: TaskError | undefined;
  /** Whether the producer counts as alive. */
  readonly isAlive: boolean;
  /** Whether it was left, has ended or has failed. */
  readonly isOver: boolean;
  /** Gives a reader more what comes. When the last one has closed, the stream is left. */
  read(from?: ReaderStart): TaskReader;
}

type Strings = ReadableStream<string> | null | undefined;

export interface TaskMirrorOptions {
  taskId: string;
  /** Asks for the stream from its start. `null`: it is over. `undefined`: there is none. */
  resume: () => Promise<Strings>;
  /** How long an answer may take, in milliseconds. */
  answerTimeoutMs: number;
  /** Called once when the mirror is over. */
  onOver: () => void;
}

/** How long a frame may be missing before the stream is asked for again, in milliseconds. */
const maxHoleMs = 1_000;

/** How often the stream is asked for again without progress. */
const maxAttempts = 2;

/** A reader that was only dropped would be sent to for ever. */
function leaveStream(stream: { cancel(): Promise<void> } | null | undefined): void {
  stream?.cancel().catch(() => {
    // Their clean-up fails while the storage is away; there is nothing left to clean then.
  });
}

/**
 * Follows a log that is sent by another process. `null`: it is over. `undefined`: there is none.
 *
 * @throws TaskError `context-unavailable` when nobody answers in time.
 */
export async function openTaskMirror({
  taskId,
  resume,
  answerTimeoutMs,
  onOver,
}: TaskMirrorOptions): Promise<TaskMirror | null | undefined> {
  const log = createMirrorLog(taskId);
  let failure: TaskError | undefined;
  let isOver = false;
  // By `performance.now()`.
  let heardAt = performance.now();
  // Since when frames are missing.
  let holeSince: number | undefined;
  // How often it was asked for what is missing, and whether it is being asked now.
  let attempts = 0;
  let isAsking = false;
  let reader: ReadableStreamDefaultReader<string> | undefined;
  let readers = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const { promise: begun, resolve: tellBegun } = createDeferred();

  const wake = () => log.window?.wake();

  const stop = () => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    leaveStream(reader);
    tellBegun();
    wake();
    onOver();
  };

  const fail = (cause?: unknown) => {
    failure ??= new TaskError({
      code: 'lost',
      message: 'The process that runs the task gives no sign any more. Try again later.',
      retryable: true,
      cause,
    });
    stop();
  };

  const follow = async (stream: ReadableStream<string>) => {
    leaveStream(reader);
    const own = stream.getReader();
    reader = own;
    const parse = createLineParser();
    log.changeStream();
    try {
      for (;;) {
        const { done, value } = await own.read();
        if (isOver || reader !== own) return;
        if (done) break;
        for (const line of parse(value)) if (log.add(line)) heardAt = performance.now();
        if (!log.lacksFrames) {
          attempts = 0;
          holeSince = undefined;
        }
        if (log.header) tellBegun();
        if (log.window?.isEnded) return stop();
        wake();
      }
    } catch {
      // Cut: the same as an end before the end of the log.
    }
    if (!isOver && reader === own) askAgain();
  };

  const ask = (timeoutMs: number) => unlessAway(answerWithin(timeoutMs, resume(), leaveStream));

  /** Asks for what is missing, and whether anybody is there at all. */
  const askAgain = async () => {
    if (isAsking || isOver) return;
    attempts++;
    if (attempts > maxAttempts) return fail();
    isAsking = true;
    try {
      // So that readers know of a producer that is gone within three heartbeats and a second.
      const heartbeatMs = log.header ? log.header.leaseMs / 2 : answerTimeoutMs;
      const stream = await ask(Math.min(answerTimeoutMs, Math.max(1_000, heartbeatMs)));
      if (isOver) leaveStream(stream);
      else if (stream) {
        holeSince = undefined;
        follow(stream);
      } else if (stream === null) {
        log.cut();
        stop();
      } else fail();
    } catch (cause) {
      fail(cause);
    } finally {
      isAsking = false;
    }
  };

  const watch = () => {
    const { leaseMs } = headerOf();
    const now = performance.now();
    if (log.lacksFrames) holeSince ??= now;
    const isSilent = now - heardAt >= leaseMs;
    const isIncomplete = holeSince !== undefined && now - holeSince >= maxHoleMs;
    if (isSilent || isIncomplete) askAgain();
  };

  const stream = await ask(answerTimeoutMs);
  if (!stream) return stream;
  follow(stream);
  try {
    await unlessAway(answerWithin(answerTimeoutMs, begun));
  } catch (error) {
    stop();
    throw error;
  }
  const { header: firstHeader, window } = log;
  if (!firstHeader || !window) {
    stop();
    if (failure) throw createUnavailableError(failure);
    return null;
  }
  if (!isOver) timer = setInterval(watch, Math.min(maxHoleMs, firstHeader.leaseMs / 2));
  const headerOf = () => log.header ?? firstHeader;

  const isAlive = () => !isOver && performance.now() - heardAt < headerOf().leaseMs;

  return {
    get header() {
      return headerOf();
    },
    window,
    get failure() {
      return failure;
    },
    get isAlive() {
      return isAlive();
    },
    get isOver() {
      return isOver;
    },
    read(from) {
      readers++;
      return createLogReader({
        ...{ window, from, isAlive },
        isGone: () => failure ?? false,
        onClose() {
          readers--;
          if (readers === 0) stop();
        },
      });
    },
  };
}
