import { createTaskId, isTaskId } from '../../protocol/task-id';
import { callHost } from '../log/call-host';
import { hexDigest } from '../log/hex-digest';
import type { ResumableStreamContext } from '../log/resumable-stream-context';
import { createNotFoundError } from '../log/task-errors';
import type { TaskStreamContext } from '../log/task-stream-context';
import { checkDurations } from '../time/check-durations';
import { longestTimeoutMs } from '../time/later';
import { createDecodedFrames, type DecodedFrames } from './decoded-frames';
import { endStrings, pumpStrings, type StringLog } from './string-pump';
import { createStringStream } from './string-stream';

export interface ToResumableStreamContextOptions {
  /**
   * Keeps a serverless instance alive until a stream is over, such as Next.js' `after`. Default, or
   * `null`: nothing keeps the instance alive.
   */
  waitUntil?: ((promise: Promise<unknown>) => void) | null;
  /**
   * Whether a stream that is over is replayed from its start for as long as the context keeps it;
   * otherwise it is answered with `null`. Default false, as with `resumable-stream`.
   */
  replayAfterEnd?: boolean;
  /** The interval of signs of life while a source is silent, in milliseconds. Default 5,000. */
  heartbeatMs?: number;
  /**
   * How long the producer of a stream counts as alive after its last sign, in milliseconds.
   * Default: two heartbeats.
   */
  leaseMs?: number;
  /** Gets the errors of sources, as they were thrown. Default: `console.error`. */
  onError?: (error: unknown, context: { streamId: string }) => void;
}

/** A stream id as a taskId: itself if it can be one, or else a hash of it. */
async function toTaskId(streamId: string): Promise<string> {
  if (isTaskId(streamId)) return streamId;
  // Hashed as JSON, because UTF-8 turns all lone halves of surrogate pairs into the same bytes.
  return `stream-${await hexDigest('SHA-256', JSON.stringify(streamId))}`;
}

/**
 * Gives a stream context the interface of the `resumable-stream` package, so that code written
 * for that package only needs another import. Strings are stored as they come; readers may get
 * several of them as one.
 */
export function toResumableStreamContext(
  context: TaskStreamContext,
  {
    waitUntil,
    replayAfterEnd = false,
    heartbeatMs = 5_000,
    leaseMs = 2 * heartbeatMs,
    onError = (error, { streamId }) => console.error(`ai-task-stream: stream ${streamId}:`, error),
  }: ToResumableStreamContextOptions = {},
): ResumableStreamContext {
  checkDurations({
    heartbeatMs: { value: heartbeatMs, least: 1 },
    leaseMs: { value: leaseMs, least: 1, most: 2 * longestTimeoutMs },
  });
  const stateOf = async (taskId: string): Promise<null | true | 'DONE'> => {
    const record = await context.inspect(taskId);
    // A record with an owner or a definition is a task, which is not for whoever knows its id.
    if (!record || record.owner !== undefined || record.definition !== undefined) return null;
    return record.status === 'pending' || record.status === 'running' ? true : 'DONE';
  };

  const read = (
    taskId: string,
    {
      skipCharacters = 0,
      token = '',
      decoded,
    }: { skipCharacters?: number | undefined; token?: string; decoded?: DecodedFrames } = {},
  ) =>
    createStringStream({
      ...(decoded && { decoded }),
      taskId,
      skipCharacters: Math.max(0, Math.trunc(skipCharacters) || 0),
      heartbeatMs,
      async openReader(cursor) {
        const reader = await context.read(taskId, { cursor, ...(token && { token }) });
        if (!reader) throw createNotFoundError();
        return reader;
      },
    });

  const resume = async (taskId: string, skipCharacters: number | undefined) => {
    const state = await stateOf(taskId);
    if (state === null) return undefined;
    return state === 'DONE' && !replayAfterEnd ? null : read(taskId, { skipCharacters });
  };

  const createOrResume: ResumableStreamContext['resumableStream'] = async (
    streamId,
    makeStream,
    skipCharacters,
  ) => {
    const taskId = await toTaskId(streamId);
    const token = createTaskId();
    // The first frame is an empty string, because every log needs a first frame.
    const log = await context.open(taskId, { leaseMs, token, frames: ['""'] });
    if (!log) return (await resume(taskId, skipCharacters)) ?? null;

    const report = (error: unknown) =>
      callHost(
        () => onError(error, { streamId }),
        (hostError) => console.error('ai-task-stream: `onError` threw:', hostError),
      );
    const stringLog: StringLog = {
      log,
      taskId,
      decoded: createDecodedFrames(),
      onError: report,
    };
    let source: ReadableStreamDefaultReader<string>;
    try {
      source = makeStream().getReader();
    } catch (error) {
      await endStrings(stringLog, 'failed', error);
      throw error;
    }
    const pumped = pumpStrings(stringLog, source);
    callHost(() => waitUntil?.(pumped), report);
    return read(taskId, { token, decoded: stringLog.decoded });
  };

  return {
    resumableStream: createOrResume,
    createNewResumableStream: createOrResume,
    async resumeExistingStream(streamId, skipCharacters) {
      return resume(await toTaskId(streamId), skipCharacters);
    },
    async hasExistingStream(streamId) {
      return stateOf(await toTaskId(streamId));
    },
  };
}
