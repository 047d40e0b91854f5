import type { UIMessageChunk } from 'ai';
import { TaskError } from '../../protocol/task-error';
import { bytesBeyond } from '../log/bytes-beyond';
import type { ChunkSource } from '../log/chunk-source';
import type { TaskLog } from '../log/task-stream-context';
import { createChunkEncoder, encodePlainDelta } from './encode-chunk';
import type { MergedSteps } from './merged-steps';
import type { MessageRecord } from './message-record';
import { standInFor } from './stand-in';

/** A stream that brings so many chunks in a row that have to be left out is given up. */
const maxLeftOut = 100;

/** Sends chunks into a log. */
export interface ChunkSender {
  readonly encode: ReturnType<typeof createChunkEncoder>;
  /** Sends a chunk of a source, or what goes in place of it where the log cannot take it. */
  add(chunk: UIMessageChunk, source: ChunkSource, path?: string, subject?: unknown): void;
  /** The same for a delta of a text or reasoning. */
  addDelta(chunk: UIMessageChunk, source: ChunkSource): void;
  /**
   * Sends what goes in place of a chunk that cannot be sent. Throws the error where that is nothing,
   * and where something is lost that was written by hand.
   */
  addInstead(chunk: UIMessageChunk, source: ChunkSource, error: unknown): void;
  /** Sends a chunk that was encoded before. */
  send(data: string, chunk: UIMessageChunk, source: ChunkSource): void;
  /** Sends one of our own chunks, which cannot fail. */
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
  /** Takes note of what goes into the log, when a message is made of it at the end. */
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
    // Whoever writes by hand is told instead.
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
    // A delta opens and ends nothing: there is nothing to track, and no step is due because of it.
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
