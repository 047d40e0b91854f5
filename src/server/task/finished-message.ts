import type { UIMessage, UIMessageChunk } from 'ai';
import { TaskError } from '../../protocol/task-error';
import { chunksOf } from '../log/frames-of';
import type { TaskReader } from '../log/task-reader';
import { breathe } from '../time/slices';
import { buildMessage } from './build-message';
import { createMessageRecord, type MessageRecord } from './message-record';

/** The error of a task whose whole message cannot be built. */
export function createMessageError(why: string, cause?: unknown): TaskError {
  return new TaskError({
    code: 'message-unavailable',
    message: `The message of the task cannot be given to \`onSettle\`: ${why}`,
    cause,
  });
}

/** Builds the message of what a task has written. */
async function finishMessage({
  continued,
  id,
  record,
}: {
  continued: UIMessage | undefined;
  id: string;
  record: MessageRecord;
}): Promise<UIMessage> {
  try {
    return await buildMessage({ continued, id, chunks: record.chunks() });
  } catch (cause) {
    const why =
      'the AI SDK refuses the chunks that the task has written, as it does on the page. The cause tells which.';
    throw createMessageError(why, cause);
  }
}

/**
 * The message of a task that has settled in this process, and the chat's messages with it. It is
 * built of what this process has written, whatever a storage has of that.
 *
 * @param continued The message that the task continued, if it continued one.
 * @param others The chat's messages before the task's message.
 * @param record What the task has written, without the frames that closed its log.
 * @throws TaskError `message-unavailable`.
 */
export async function finishChat({
  taskId,
  continued,
  others,
  record,
  closing,
  fault,
}: {
  taskId: string;
  continued: UIMessage | undefined;
  others: readonly UIMessage[];
  record: MessageRecord;
  closing: readonly string[];
  /** Why the message cannot be whole, because the log of earlier attempts is not. */
  fault?: unknown;
}): Promise<{ message: UIMessage; messages: UIMessage[] }> {
  if (fault) throw fault;
  for (const frame of closing) record.add(JSON.parse(frame), frame);
  const message = await finishMessage({ continued, id: taskId, record });
  return { message, messages: [...others, message] };
}

function isOwn(chunk: UIMessageChunk, type: string, taskId: string): boolean {
  return chunk.type === type && 'id' in chunk && chunk.id === taskId;
}

function isGap(chunk: UIMessageChunk, taskId: string): boolean {
  return (
    isOwn(chunk, 'data-task-error', taskId) &&
    (chunk as { data?: { code?: unknown } }).data?.code === 'gap'
  );
}

/** The message that a log tells, as its frames are read one after the other. */
export interface ToldMessage {
  readonly record: MessageRecord;
  add(chunk: UIMessageChunk, frame: string): void;
  /** Why the message is not whole, if it is not. */
  fault(continued: UIMessage | undefined): TaskError | undefined;
}

export function createToldMessage(taskId: string): ToldMessage {
  const record = createMessageRecord();
  let startCount = 0;
  let hasGap = false;
  return {
    record,
    add(chunk, frame) {
      if (chunk.type === 'start') {
        startCount++;
        // The chunks before are the message that the task continues, for pages that replay the log.
        record.restart();
        hasGap = false;
      }
      hasGap ||= isGap(chunk, taskId);
      record.add(chunk, frame);
    },
    fault(continued) {
      if (hasGap) return createMessageError('part of its log is missing.');
      if (startCount === 0) return createMessageError('its log is not kept any more.');
      return startCount > 1 && !continued
        ? createMessageError('the message that it continues was not stored.')
        : undefined;
    },
  };
}

/**
 * The message that a settled task has written, built from its log, for a process that did not run
 * the task.
 *
 * @param continued The message that the task continued. It is used in place of what the log tells of
 * it, which is less.
 * @throws TaskError `message-unavailable` when the log has gaps, or when the task continued a message
 * that is not given.
 */
export async function readFinishedMessage({
  reader,
  taskId,
  continued,
}: {
  reader: TaskReader;
  taskId: string;
  continued: UIMessage | undefined;
}): Promise<UIMessage> {
  const told = createToldMessage(taskId);
  let isSettled = false;
  try {
    for await (const range of reader) {
      for (const frame of chunksOf(range)) {
        const chunk: UIMessageChunk = JSON.parse(frame);
        isSettled ||= isOwn(chunk, 'data-task-settle', taskId);
        told.add(chunk, frame);
        await breathe();
      }
    }
  } finally {
    reader.close();
  }
  const fault = told.fault(continued);
  if (fault) throw fault;
  if (!isSettled) throw createMessageError('its log is not kept any more.');
  return await finishMessage({ continued, id: taskId, record: told.record });
}
