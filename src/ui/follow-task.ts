import { isAnotherLog } from '../protocol/another-log';
import { TaskError } from '../protocol/task-error';
import type { TaskState } from '../protocol/task-state';
import { throwIfAborted } from './abort';
import { clientError } from './client-error';
import { errorText } from './error-text';
import { toAnswer } from './page-fault';
import { createPatience } from './patience';
import { readEventStream } from './read-event-stream';
import { isPassing } from './retry-after';
import { superviseAttempt } from './supervise-attempt';
import type { FollowOptions } from './task-client-options';
import { type Refusal, readRefusal, refusalOf, streamOf } from './task-request';
import { warnOnce } from './warn-once';

/** A chunk of which only this is checked: its type is a string. */
export interface ReceivedChunk {
  type: string;
}

/** What to follow, and whom to tell. */
export interface FollowTaskOptions {
  /** Requests the stream: what follows the cursor, or without a cursor all of it. */
  connect: (cursor: string | undefined, signal: AbortSignal) => Promise<Response>;
  /** Whether `connect` starts the task: a server that has too many tasks then refuses for good. */
  isStarting?: () => boolean;
  /** The cursor to go on after; `undefined` for the start of the log. */
  cursor: string | undefined;
  /** Aborting this signal leaves the task. */
  signal: AbortSignal;
  /** Called when a stream is connected (`true`), or was cut and is requested again (`false`). */
  onConnected: (isConnected: boolean) => void;
  onStalled: (isStalled: boolean) => void;
  /**
   * Gets all chunks of one network read, and the cursor after them; a chunk that begins another log
   * comes alone. Nothing more is read until the returned promise is fulfilled: `stallTimeoutMs` has
   * to be longer than that takes.
   */
  onChunks: (chunks: readonly ReceivedChunk[], cursor: string | undefined) => Promise<void> | void;
  /** Returns the task after the chunks that `onChunks` has got so far. */
  getTask: () => Pick<TaskState, 'settlement' | 'heartbeat'>;
}

/** Why following ended without a settlement. */
export interface FollowFailure {
  error: TaskError;
  /** The answer's status, when the server refused. */
  status?: number | undefined;
}

/**
 * Follows a task until its stream has ended, over as many connections as that takes. An end
 * before the settlement, or before the last chunk, is a cut: the stream is requested again from
 * the last seen cursor. Resolves with `undefined` when it was read to its end or the signal aborted.
 */
export async function followTask(
  options: FollowOptions,
  {
    connect,
    isStarting,
    cursor,
    signal,
    onConnected,
    onStalled,
    onChunks,
    getTask,
  }: FollowTaskOptions,
): Promise<FollowFailure | undefined> {
  const patience = createPatience(options);
  let isReadToEnd = false;
  // The answer to the current attempt, when it was an error.
  let refusal: Refusal | undefined;
  // When the server last answered without an error, or sent something.
  let heardAt = Number.NEGATIVE_INFINITY;
  // Whether the response to the current attempt ended well, but without the end mark.
  let isCutShort = false;
  // When the stream was last requested again without a pause.
  let promptAt = Number.NEGATIVE_INFINITY;

  async function attempt(attemptSignal: AbortSignal, touch: () => void): Promise<void> {
    const given = await connect(cursor, attemptSignal).catch(toAnswer);
    const response = given ?? toAnswer(new TypeError('No answer.'));
    // A `fetch` that ignores its signal may answer after the attempt was left or given up.
    const check = () => {
      throwIfAborted(signal);
      throwIfAborted(attemptSignal);
    };
    const { status } = response;
    if (status >= 400) {
      // Noted before the body was read, because the body may never end.
      refusal = refusalOf(response, '');
      refusal = await readRefusal(response);
      throw refusal.error;
    }
    if (status === 204) {
      throw clientError('unsettled', 'The outcome is gone. Start the task again.');
    }
    const stream = streamOf(response);
    check();
    heardAt = performance.now();
    onConnected(true);
    let isMarked = false;
    await readEventStream(stream, async (events) => {
      check();
      const chunks: ReceivedChunk[] = [];
      let next = cursor;
      let isDone = false;
      try {
        for (const { id, data } of events) {
          isDone = isMarked = data === '[DONE]';
          if (isDone) break;
          const chunk = parseChunk(data);
          if (isAnotherLog(chunk)) {
            await onChunks(chunks.splice(0), next);
            // After the outcome, another run of the task is not of interest.
            isDone = !!getTask().settlement;
            if (isDone) break;
            await onChunks([chunk], next);
          } else chunks.push(chunk);
          next = id || next;
        }
      } finally {
        // Also when a chunk is malformed: the chunks before it are taken in.
        const taken = onChunks(chunks, next);
        cursor = next;
        heardAt = performance.now();
        // After `onChunks`, because a heartbeat among the chunks sets how long silence may last.
        touch();
        await taken;
        touch();
        isReadToEnd ||= !!getTask().settlement && (isDone || chunks.some(isLastChunk));
      }
      return !isDone;
    });
    check();
    isCutShort = !isMarked;
  }

  /** The interval that heartbeats announce, or the default before the first one. */
  function intervalMs(): number {
    const { intervalMs } = getTask().heartbeat ?? {};
    return intervalMs && intervalMs > 0 ? intervalMs : 5000;
  }

  function silenceLimitMs(): number {
    const { stallTimeoutMs = 3 * intervalMs() } = options;
    if (getTask().heartbeat && stallTimeoutMs < intervalMs()) {
      warnOnce('`stallTimeoutMs` is below the interval of the heartbeats.');
    }
    return stallTimeoutMs;
  }

  function isFinal({ status, error }: Refusal): boolean {
    if (status === 429 && error.code === 'too-many-tasks' && isStarting?.()) return true;
    // A storage that lost its data does not know the task until the producer writes its log anew.
    if (status === 404) return performance.now() - heardAt >= 2 * intervalMs();
    return !isPassing(status);
  }

  /**
   * Whether to ask again without a pause: at the next attempt of a task, a server ends the responses
   * that have brought something of the one before. Once per heartbeat interval, because a server may
   * have other reasons to end each response.
   */
  function isPrompt(): boolean {
    const now = performance.now();
    const isExpected = isCutShort && !getTask().settlement;
    if (!isExpected || now - promptAt < intervalMs()) return false;
    promptAt = now;
    return true;
  }

  for (;;) {
    const { heartbeat } = getTask();
    const from = cursor;
    let cause: unknown;
    refusal = undefined;
    isCutShort = false;
    try {
      await superviseAttempt(attempt, signal, silenceLimitMs, onStalled);
    } catch (error) {
      cause = error;
    }
    if (signal.aborted || isReadToEnd) return undefined;
    const refused = refusal as Refusal | undefined;
    if (refused ? isFinal(refused) : TaskError.isInstance(cause)) {
      return { error: refused?.error ?? (cause as TaskError), status: refused?.status };
    }
    const hadProgress = cursor !== from || getTask().heartbeat?.at !== heartbeat?.at;
    if (!patience.judge(hadProgress, silenceLimitMs())) {
      const message = `No connection. Resume the task later. (${errorText(cause)})`;
      return { error: clientError('gave-up', message, cause) };
    }
    onConnected(false);
    await patience.pause(refused?.minimumMs ?? 0, signal, hadProgress && isPrompt());
    if (signal.aborted) return undefined;
  }
}

function parseChunk(data: string): ReceivedChunk {
  const chunk: unknown = JSON.parse(data);
  if (typeof Object(chunk).type !== 'string') throw new TypeError();
  return chunk as ReceivedChunk;
}

/** Whether a chunk ends a task's stream; only `[DONE]` may follow it. */
function isLastChunk({ type }: ReceivedChunk): boolean {
  return /^(finish|abort|error)$/.test(type);
}
