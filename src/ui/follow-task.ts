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

/** A chunk whose type is known to be a string, and nothing else. */
export interface ReceivedChunk {
  type: string;
}

/** What to follow, and whom to tell. */
export interface FollowTaskOptions {
  /** Asks for the stream: for what follows the cursor, or for all of it. */
  connect: (cursor: string | undefined, signal: AbortSignal) => Promise<Response>;
  /** Whether `connect` asks for the task to be started, which a server may have too many of. */
  isStarting?: () => boolean;
  /** Where to go on. Default: from the start. */
  cursor: string | undefined;
  /** Aborting it leaves the task. */
  signal: AbortSignal;
  /** A stream is there (`true`), or was cut and is sought again (`false`). */
  onConnected: (isConnected: boolean) => void;
  onStalled: (isStalled: boolean) => void;
  /**
   * All chunks of one network read, and the cursor after them; one that begins another log comes
   * alone. Until what it returns is fulfilled,
   * nothing more is read; meanwhile `stallTimeoutMs` had better be long.
   */
  onChunks: (chunks: readonly ReceivedChunk[], cursor: string | undefined) => Promise<void> | void;
  /** The task as of the chunks handed over. */
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
 * before the settlement, or before the last chunk, is a cut: the stream is asked for again from
 * the last seen cursor. `undefined`: read to the end, or aborted.
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
  // When a good answer was last heard of.
  let heardAt = Number.NEGATIVE_INFINITY;

  async function attempt(attemptSignal: AbortSignal, touch: () => void): Promise<void> {
    const given = await connect(cursor, attemptSignal).catch(toAnswer);
    const response = given ?? toAnswer(new TypeError('No answer.'));
    // What was left or given up may still answer, when its `fetch` does not mind the signal.
    const check = () => {
      throwIfAborted(signal);
      throwIfAborted(attemptSignal);
    };
    const { status } = response;
    if (status >= 400) {
      // Without its body it counts, too, which may never end.
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
    await readEventStream(stream, async (events) => {
      check();
      const chunks: ReceivedChunk[] = [];
      let next = cursor;
      let isDone = false;
      try {
        for (const { id, data } of events) {
          isDone = data === '[DONE]';
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
        // Also when a chunk is malformed: those before it count.
        const taken = onChunks(chunks, next);
        cursor = next;
        heardAt = performance.now();
        // Afterwards, because a heartbeat sets how long the next silence may be.
        touch();
        await taken;
        touch();
        isReadToEnd ||= !!getTask().settlement && (isDone || chunks.some(isLastChunk));
      }
      return !isDone;
    });
  }

  /** The announced interval of heartbeats, or what it is before the first one. */
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
    // A storage that has just come back may not know yet what is written to it anew.
    if (status === 404) return performance.now() - heardAt >= 2 * intervalMs();
    return !isPassing(status);
  }

  for (;;) {
    const { heartbeat } = getTask();
    const from = cursor;
    let cause: unknown;
    refusal = undefined;
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
    await patience.pause(refused?.minimumMs ?? 0, signal);
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
