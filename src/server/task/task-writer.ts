import type { FinishReason, UIMessageChunk, UIMessageStreamWriter } from 'ai';
import { mergeMetadata } from '../../protocol/merge-metadata';
import { TaskError } from '../../protocol/task-error';
import { isTaskPart, type TaskOutcome } from '../../protocol/task-parts';
import { bytesBeyond } from '../bytes-beyond';
import type { TaskLog } from '../context/task-stream-context';
import { nextTurn } from '../next-turn';
import { encodeChunk } from './encode-chunk';
import type { MessageRecord } from './message-record';
import { createOpenParts } from './open-parts';
import { serializeFaithfully } from './serialize';

/** What merged `finish` chunks said, for our own. */
interface MergedFinish {
  readonly finishReason?: FinishReason;
  readonly messageMetadata?: unknown;
}

export interface TaskWriterCore {
  /** What `execute` gets. */
  readonly writer: UIMessageStreamWriter;
  /**
   * Adds one of our own chunks. Throws once the task has settled, and what `encode` throws.
   */
  emit(chunk: UIMessageChunk, path?: string, subject?: unknown): void;
  /**
   * A chunk as it is stored.
   *
   * @param subject The part of the chunk that came from outside and is called `path`.
   * @throws TaskError `unserializable` when JSON cannot carry the subject, `frame-too-large` when
   * the log does not take so much at once.
   */
  encode(chunk: object, path: string, subject?: unknown): string;
  /** Resolves when no merge is under way. */
  merged(): Promise<void>;
  /** The first error that a merged stream brought. */
  readonly failure: { readonly error: unknown } | undefined;
  readonly finish: MergedFinish;
  /** Ends writing, leaves merged streams, and gives the chunks that close open parts. */
  end(outcome: TaskOutcome, errorText: string): UIMessageChunk[];
}

/** The error of whoever reports or writes too late. */
export function createSettledError(): TaskError {
  return new TaskError({
    code: 'settled',
    message:
      'The task has settled, so nothing can be added to it any more. Await all work in `execute` before it returns.',
  });
}

/** Whether its `data` is the host's own; all other chunks are made by the AI SDK. */
function isDataChunk(
  chunk: UIMessageChunk,
): chunk is Extract<UIMessageChunk, { type: `data-${string}` }> {
  return chunk.type.startsWith('data-');
}

/** Reads this long without a pause before others in the process get a turn, in milliseconds. */
const maxTurnMs = 2;

/** To look at the clock costs as much as to read: it is done every so many chunks. */
const chunksPerLook = 16;

/**
 * Takes chunks into a task. A `start`, `finish`, `abort` or `error` of somebody else never
 * passes: metadata and `finishReason` move into ours, an `error` fails the task. Merged streams
 * are read one chunk at a time, and not while the storage is behind, so they feel back pressure.
 */
export function createTaskWriter({
  taskId,
  messageId,
  log,
  record,
  maskError,
}: {
  taskId: string;
  /** What the task's own `start` calls its message. */
  messageId: string | undefined;
  log: Pick<TaskLog, 'append' | 'isBehind' | 'caughtUp' | 'maxFrameBytes'>;
  /** Takes note of what goes into the log, when a message is made of it at the end. */
  record: Pick<MessageRecord, 'add'> | undefined;
  /** Reports an error to the host and gives the words that a client may read. */
  maskError: (error: unknown) => string;
}): TaskWriterCore {
  const openParts = createOpenParts();
  const merges = new Set<Promise<void>>();
  const readers = new Set<ReadableStreamDefaultReader<UIMessageChunk>>();
  let failure: { error: unknown } | undefined;
  let finish: MergedFinish = {};
  let hasEnded = false;
  // Of them one is reported, and one of the ids that other streams have for the message.
  let oversizedSnapshot: unknown;
  let hasReportedId = false;

  const assertOpen = () => {
    if (hasEnded) throw createSettledError();
  };

  const fail = (error: unknown) => {
    failure ??= { error };
  };

  const append = (data: string, chunk: UIMessageChunk) => {
    log.append(data);
    record?.add(chunk, data);
  };

  const send = (data: string, chunk: UIMessageChunk, source: unknown) => {
    for (const closing of openParts.track(chunk, source)) {
      append(JSON.stringify(closing), closing);
    }
    append(data, chunk);
  };

  const encode = (chunk: object, path: string, subject: unknown = chunk): string => {
    const data = encodeChunk(chunk, path, subject);
    const { maxFrameBytes = Number.POSITIVE_INFINITY } = log;
    const bytes = bytesBeyond(data, maxFrameBytes);
    if (bytes === undefined) return data;
    throw new TaskError({
      code: 'frame-too-large',
      message: `\`${path}\` takes ${bytes} bytes, and one chunk may have ${maxFrameBytes}. Send it in pieces, or store it elsewhere and send where it is.`,
      details: { path, bytes, maxFrameBytes },
    });
  };

  const emit = (chunk: UIMessageChunk, path = 'chunk', subject: unknown = chunk) => {
    assertOpen();
    let data: string;
    try {
      data = encode(chunk, path, subject);
    } catch (error) {
      if (chunk.type !== 'data-task') throw error;
      // Snapshots leave by a timer, too, where nobody could catch it; a later one may fit.
      oversizedSnapshot ??= error;
      maskError(oversizedSnapshot);
      return;
    }
    send(data, chunk, undefined);
  };

  const compareId = (theirs: string | undefined) => {
    if (hasReportedId || messageId === undefined || theirs == null || theirs === messageId) return;
    hasReportedId = true;
    maskError(
      new TaskError({
        code: 'message-id-ignored',
        message: `A \`start\` chunk calls the message ${JSON.stringify(theirs)}, but the page and \`onSettle\` call it ${JSON.stringify(messageId)}. Pass the id as \`messageId\` to the task, and save in its \`onSettle\`.`,
        details: { messageId, ignored: theirs },
      }),
    );
  };

  /** @param source The reader of the merged stream that the chunk came from, if it did. */
  const write = (chunk: UIMessageChunk, source?: unknown) => {
    switch (chunk.type) {
      case 'start':
        compareId(chunk.messageId);
        if (chunk.messageMetadata == null) return assertOpen();
        return emit(
          { type: 'message-metadata', messageMetadata: chunk.messageMetadata },
          'messageMetadata',
          chunk.messageMetadata,
        );
      case 'finish': {
        assertOpen();
        // As JSON makes of it now, because what JSON cannot carry would keep the task from settling.
        const messageMetadata: unknown =
          chunk.messageMetadata == null
            ? undefined
            : JSON.parse(serializeFaithfully(chunk.messageMetadata, 'messageMetadata'));
        finish = {
          finishReason: chunk.finishReason ?? finish.finishReason,
          messageMetadata: mergeMetadata(finish.messageMetadata, messageMetadata),
        };
        return;
      }
      case 'abort':
        return assertOpen();
      case 'error':
        assertOpen();
        return fail(new TaskError({ code: 'stream-failed', message: chunk.errorText }));
      // Each response makes its own.
      case 'data-task-heartbeat':
        return assertOpen();
    }
    const isData = isDataChunk(chunk);
    if (isData && isTaskPart(chunk) && chunk.data.taskId === taskId) {
      throw new TaskError({
        code: 'invalid-input',
        message: `A \`${chunk.type}\` part of this task cannot be written by hand. Use \`task.progress\`, \`task.log\` or \`task.partial\`.`,
      });
    }
    assertOpen();
    const data = isData ? encode(chunk, 'chunk.data', chunk.data) : encode(chunk, 'chunk');
    send(data, chunk, source);
  };

  const readAll = async (reader: ReadableStreamDefaultReader<UIMessageChunk>) => {
    let turnStartedAt = performance.now();
    try {
      for (let count = 1; ; count++) {
        const { done, value } = await reader.read();
        if (done || hasEnded) return;
        write(value, reader);
        if (log.isBehind) await log.caughtUp();
        if (count % chunksPerLook !== 0) continue;
        if (performance.now() - turnStartedAt < maxTurnMs) continue;
        await nextTurn();
        turnStartedAt = performance.now();
      }
    } catch (error) {
      if (hasEnded) return;
      fail(error);
      await reader.cancel(error).catch(ignoreCancelFailure);
    } finally {
      readers.delete(reader);
    }
  };

  const merge = (stream: ReadableStream<UIMessageChunk>) => {
    if (hasEnded) stream.cancel().catch(ignoreCancelFailure);
    assertOpen();
    const reader = stream.getReader();
    readers.add(reader);
    const merging = readAll(reader).finally(() => merges.delete(merging));
    merges.add(merging);
  };

  return {
    writer: { write: (chunk) => write(chunk), merge, onError: maskError },
    emit,
    encode,
    async merged() {
      while (merges.size > 0) await Promise.all(merges);
    },
    get failure() {
      return failure;
    },
    get finish() {
      return finish;
    },
    end(outcome, errorText) {
      hasEnded = true;
      for (const reader of readers) reader.cancel().catch(ignoreCancelFailure);
      return openParts.closingChunks(outcome, errorText);
    },
  };
}

/** A source that fails while it is being left changes nothing any more. */
function ignoreCancelFailure(): void {}
