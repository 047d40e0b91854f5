import type { FinishReason, UIMessage, UIMessageChunk, UIMessageStreamWriter } from 'ai';
import { mergeMetadata } from '../../protocol/merge-metadata';
import { TaskError } from '../../protocol/task-error';
import { isTaskPart, type TaskCheckpointData } from '../../protocol/task-parts';
import { type ChunkSource, createChunkSource } from '../log/chunk-source';
import type { MergedFinish, OpenTask } from '../log/closing-chunks';
import type { OpenPart } from '../log/open-parts';
import { isAbort } from '../log/stop-reason';
import type { TaskLog } from '../log/task-stream-context';
import { leaveStream } from '../time/leave-stream';
import { createChunkSender } from './chunk-sender';
import { createMergedSteps } from './merged-steps';
import { createMessageIdCheck } from './message-id-check';
import type { MessageRecord } from './message-record';
import { createPartNames } from './part-names';
import { createStepBoundary } from './step-boundary';
import { createStreamMerger } from './stream-merger';
import { createAbortedError, createSettledError } from './writer-errors';

export interface TaskWriterCore {
  /** What `execute` gets. */
  readonly writer: UIMessageStreamWriter;
  /**
   * Adds a chunk that this package has made.
   *
   * @throws TaskError `settled` once the task has settled, and what `encode` throws.
   */
  emit(chunk: UIMessageChunk, path?: string, subject?: unknown): void;
  /**
   * Encodes a chunk as it is stored.
   *
   * @param subject The part of the chunk that came from outside, which errors name `path`.
   * @throws TaskError `unserializable` when JSON cannot carry the subject, `frame-too-large` when
   * the chunk is larger than a frame may be.
   */
  encode(chunk: object, path: string, subject?: unknown): string;
  /**
   * Takes note of a chunk of the log that was there before this attempt: of the parts that are open,
   * and of the names that parts have.
   */
  recall(chunk: UIMessageChunk): void;
  /** Resolves when no merge is under way. */
  merged(): Promise<void>;
  /**
   * Does something where no text, reasoning or call of the server is open, and every merged stream
   * stands between two steps; they are held there until it is done. Gives up after `withinMs`
   * milliseconds, or when writing ends: then it resolves with what is open, else with `undefined`.
   *
   * @param action Gets why the streams have finished that did so last.
   */
  atBoundary(
    action: (finishReason: FinishReason | undefined) => void,
    withinMs: number,
  ): Promise<readonly OpenPart[] | undefined>;
  /** The first error that a merged stream brought. */
  readonly failure: { readonly error: unknown } | undefined;
  /** Ends writing and leaves merged streams. Idempotent. */
  end(): void;
  /** What is open now, and has to be closed when the task ends. */
  leftOpen(): Pick<OpenTask, 'openParts' | 'isStepDue' | 'finish'>;
}

/** What a checkpoint's chunk says. */
function checkpointIn(chunk: UIMessageChunk): { finishReason?: FinishReason } | undefined {
  const isCheckpoint = chunk.type === 'data-task-checkpoint' && isTaskPart(chunk);
  return isCheckpoint ? (chunk.data as TaskCheckpointData) : undefined;
}

/**
 * Takes chunks into a task. The `start`, `finish`, `abort` and `error` chunks of merged streams are
 * never passed on, because the task has its own: their metadata and `finishReason` move into those of
 * the task, and an `error` or `abort` fails the task. Merged streams are read one chunk at a time, and
 * not while the storage is behind, so that they feel back pressure.
 */
export function createTaskWriter({
  taskId,
  messageId,
  continued,
  log,
  record,
  maskError,
}: {
  taskId: string;
  /** The message's id in the task's own `start` chunk. */
  messageId: string | undefined;
  /** The message that the task continues. */
  continued?: UIMessage;
  log: Pick<TaskLog, 'append' | 'isBehind' | 'caughtUp' | 'maxFrameBytes'>;
  /** Takes note of what goes into the log; set when a message is made of that at the end. */
  record: Pick<MessageRecord, 'add'> | undefined;
  /** Reports an error to the host, and returns the message that a client may read. */
  maskError: (error: unknown) => string;
}): TaskWriterCore {
  const partNames = createPartNames();
  const steps = createMergedSteps(continued);
  const sender = createChunkSender({ taskId, log, record, steps, maskError });
  const checkMessageId = createMessageIdCheck({ messageId, report: maskError });
  const byHand = createChunkSource({ isMerged: false });
  let failure: { error: unknown } | undefined;
  let finish: MergedFinish = {};
  let hasEnded = false;
  // The error of the first snapshot that was too large: only one is reported.
  let oversizedSnapshot: unknown;

  const assertOpen = () => {
    if (hasEnded) throw createSettledError();
  };

  const fail = (error: unknown) => {
    failure ??= { error };
  };

  const emit = (chunk: UIMessageChunk, path = 'chunk', subject: unknown = chunk) => {
    assertOpen();
    let data: string;
    try {
      data = sender.encode(chunk, path, subject);
    } catch (error) {
      if (chunk.type !== 'data-task') throw error;
      // Not thrown, because a timer may have sent the snapshot. A later snapshot may fit.
      oversizedSnapshot ??= error;
      maskError(oversizedSnapshot);
      return;
    }
    sender.send(data, chunk, byHand);
  };

  /** Takes what the `finish` of a merged stream says over into that of the task. */
  const addFinish = (chunk: UIMessageChunk & { type: 'finish' }, source: ChunkSource) => {
    const { finishReason = finish.finishReason, messageMetadata } = chunk;
    finish = { ...finish, finishReason };
    if (chunk.finishReason === 'error') {
      fail(new TaskError({ code: 'stream-failed', message: 'The model ended with an error.' }));
    }
    if (messageMetadata == null) return;
    let json: string;
    try {
      json = sender.encode(chunk, 'messageMetadata', messageMetadata);
    } catch (error) {
      return sender.addInstead(chunk, source, error);
    }
    // Kept as JSON makes of it now: a value that JSON cannot carry would keep the task from settling.
    const metadata: unknown = JSON.parse(json).messageMetadata;
    finish = { finishReason, messageMetadata: mergeMetadata(finish.messageMetadata, metadata) };
  };

  const boundary = createStepBoundary({
    sources: () => merger.sources,
    standsBetweenSteps: (source) =>
      source.hasBegun && !steps.isWithinStep(source) && steps.unfinished(source).length === 0,
    isNothingOpen: () => steps.unfinished().length === 0,
  });

  const write = (chunk: UIMessageChunk, source: ChunkSource) => {
    take(chunk, source);
    if (boundary.isAwaited) boundary.look();
  };

  const take = (chunk: UIMessageChunk, source: ChunkSource) => {
    assertOpen();
    switch (chunk.type) {
      // Deltas come first, because nearly all chunks are deltas.
      case 'text-delta':
      case 'reasoning-delta':
        return sender.addDelta(source.names ? partNames.own(chunk, source) : chunk, source);
    }
    if (chunk.type !== 'start') source.hasBegun = true;
    switch (chunk.type) {
      case 'start': {
        const { messageId: theirs, messageMetadata } = chunk;
        checkMessageId(theirs);
        if (messageMetadata == null) return;
        const type = 'message-metadata';
        return sender.add({ type, messageMetadata }, source, 'messageMetadata', messageMetadata);
      }
      case 'finish':
        return addFinish(chunk, source);
      case 'abort':
        return fail(createAbortedError(chunk.reason));
      case 'error':
        return fail(new TaskError({ code: 'stream-failed', message: chunk.errorText }));
      case 'start-step':
      case 'finish-step':
      case 'reset-step':
        for (const part of steps.pass(chunk.type, source)) sender.sendOwn(part, source);
        return;
      // Heartbeats of other tasks are dropped, because each response makes its own.
      case 'data-task-heartbeat':
        return;
    }
    // The `data` of a data part is the host's own; all other chunks are made by the AI SDK.
    const isData = chunk.type.startsWith('data-') && 'data' in chunk;
    if (isData && isTaskPart(chunk) && chunk.data.taskId === taskId) {
      throw new TaskError({
        code: 'invalid-input',
        message: `A \`${chunk.type}\` part of this task cannot be written by hand. Use \`task.progress\`, \`task.log\` or \`task.partial\`.`,
      });
    }
    const own = partNames.own(chunk, source);
    if (isData) sender.add(own, source, 'chunk.data', chunk.data);
    else sender.add(own, source);
  };

  const merger = createStreamMerger({
    log,
    boundary,
    write,
    onError: (error) => fail(isAbort(error) ? createAbortedError(error) : error),
    onEnd(source) {
      steps.leave(source);
      if (hasEnded) return;
      sender.finishStep();
      boundary.look();
    },
  });

  const merge = (stream: ReadableStream<UIMessageChunk>) => {
    if (hasEnded) leaveStream(stream);
    assertOpen();
    merger.merge(stream);
  };

  return {
    writer: { write: (chunk) => write(chunk, byHand), merge, onError: maskError },
    emit,
    encode: sender.encode,
    recall(chunk) {
      steps.recall(chunk);
      const { finishReason } = checkpointIn(chunk) ?? {};
      if (finishReason) finish = { finishReason };
      // What is written by hand has the names that it was given, in each attempt.
      partNames.recall(chunk, byHand);
    },
    merged: merger.merged,
    async atBoundary(action, withinMs) {
      const act = () => {
        sender.finishStep();
        // What streams have said at their ends is the message's by now, whatever ends the task.
        const { messageMetadata, finishReason } = finish;
        if (messageMetadata !== undefined) {
          sender.sendOwn({ type: 'message-metadata', messageMetadata }, byHand);
          finish = { finishReason };
        }
        action(finishReason);
      };
      const isDone = await boundary.reach(act, withinMs);
      return isDone ? undefined : steps.unfinished();
    },
    get failure() {
      return failure;
    },
    end() {
      if (hasEnded) return;
      hasEnded = true;
      boundary.end();
      merger.end();
    },
    leftOpen: () => ({
      openParts: steps.openParts,
      isStepDue: steps.dueFrom !== undefined,
      finish,
    }),
  };
}
