import type { UIMessageChunk } from 'ai';
import { TaskError } from '../../protocol/task-error';
import { bytesBeyond } from '../log/bytes-beyond';
import type { ChunkSource } from '../log/chunk-source';
import type { TaskLog } from '../log/task-stream-context';
import { createChunkEncoder, encodePlainDelta } from './encode-chunk';
import type { MergedSteps } from './merged-steps';
import type { MessageRecord } from './message-record';
import { standInFor } from './stand-in';

/** How many chunks of a stream may be left out in a row before the stream is given up. */
const maxLeftOut = 100;

/** Sends chunks into a log. */
export interface ChunkSender {
  readonly encode: ReturnType<typeof createChunkEncoder>;
  /** Sends a chunk of a source, or a stand-in for a chunk that the log cannot take. */
  add(chunk: UIMessageChunk, source: ChunkSource, path?: string, subject?: unknown): void;
  /** Sends a delta of a text or reasoning, like `add` but faster. */
  addDelta(chunk: UIMessageChunk, source: ChunkSource): void;
  /**
   * Sends a stand-in for a chunk that cannot be sent. Throws the error when there is no stand-in, and
   * when something is lost that was written by hand.
   */
  addInstead(chunk: UIMessageChunk, source: ChunkSource, error: unknown): void;
  /** Sends a chunk that was encoded before. */
  send(data: string, chunk: UIMessageChunk, source: ChunkSource): void;
  /** Sends a chunk that this package has made, which always fits. */
  sendOwn(chunk: UIMessageChunk, source: ChunkSource): void;
  /** Sends the end of a step that was held back, if it is due. */
  finishStep(): void;
}

export function createChunkSender({
  taskId,
  log,
  record,
  steps,
  maskError,
}: {
  taskId: string;
  log: Pick<TaskLog, 'append' | 'maxFrameBytes'>;
  /** Takes note of what goes into the log; set when a message is made of that at the end. */
  record: Pick<MessageRecord, 'add'> | undefined;
  steps: MergedSteps;
  /** Reports an error to the host. */
  maskError: (error: unknown) => unknown;
}): ChunkSender {
  const { maxFrameBytes = Number.POSITIVE_INFINITY } = log;
  const encode = createChunkEncoder(maxFrameBytes);

  const append = (data: string, chunk: UIMessageChunk) => {
    log.append(data);
    record?.add(chunk, data);
  };

  const send = (data: string, chunk: UIMessageChunk, source: ChunkSource) => {
    steps.track(chunk, source);
    append(data, chunk);
    finishStep();
  };

  const sendOwn = (chunk: UIMessageChunk, source: ChunkSource) =>
    send(JSON.stringify(chunk), chunk, source);

  const finishStep = () => {
    const source = steps.isDue ? steps.dueFrom : undefined;
    if (!source) return;
    steps.finished();
    sendOwn({ type: 'finish-step' }, source);
  };

  const addInstead = (chunk: UIMessageChunk, source: ChunkSource, error: unknown) => {
    const standIn =
      TaskError.isInstance(error) && standInFor(chunk, error, { taskId, maxFrameBytes });
    // Whoever writes by hand gets the error, instead of losing something without a word.
    if (!standIn || (standIn.loss && !source.isMerged)) throw error;
    if (standIn.isLeftOut && ++source.leftOut > maxLeftOut) throw error;
    if (standIn.loss) maskError(standIn.loss);
    for (const part of standIn.chunks) send(encode(part, 'chunk'), part, source);
    if (standIn.failedCall === undefined) return;
    source.failedCalls ??= new Set();
    source.failedCalls.add(standIn.failedCall);
  };

  const add: ChunkSender['add'] = (chunk, source, path = 'chunk', subject) => {
    if (source.failedCalls && 'toolCallId' in chunk && source.failedCalls.has(chunk.toolCallId)) {
      return;
    }
    let data: string;
    try {
      data = encode(chunk, path, subject, 'chunk');
    } catch (error) {
      return addInstead(chunk, source, error);
    }
    source.leftOut = 0;
    send(data, chunk, source);
  };

  return {
    encode,
    add,
    // A delta opens and ends nothing, so there is nothing to track, and no step becomes due.
    addDelta(chunk, source) {
      const data = encodePlainDelta(chunk);
      if (data === undefined || bytesBeyond(data, maxFrameBytes) !== undefined) {
        return add(chunk, source);
      }
      source.leftOut = 0;
      append(data, chunk);
    },
    addInstead,
    send,
    sendOwn,
    finishStep,
  };
}
