import type { UIMessage, UIMessageChunk } from 'ai';
import { TaskError } from '../../protocol/task-error';
import { chunksOf } from '../log/frames-of';
import type { TaskReader } from '../log/task-stream-context';
import { breathe } from '../time/slices';
import { buildMessage } from './build-message';
import { createMessageRecord, type MessageRecord } from './message-record';

/** The error of a task whose whole message cannot be built. */
function createMessageError(why: string, cause?: unknown): TaskError {
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
}: {
  taskId: string;
  continued: UIMessage | undefined;
  others: readonly UIMessage[];
  record: MessageRecord;
  closing: readonly string[];
}): Promise<{ message: UIMessage; messages: UIMessage[] }> {
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
  let record = createMessageRecord();
  let startCount = 0;
  let hasGap = false;
  let isSettled = false;
  const add = (chunk: UIMessageChunk, frame: string) => {
    if (chunk.type === 'start') {
      startCount++;
      // The chunks before are the message that the task continues, for pages that replay the log.
      record = createMessageRecord();
      hasGap = false;
    }
    hasGap ||= isGap(chunk, taskId);
    isSettled ||= isOwn(chunk, 'data-task-settle', taskId);
    record.add(chunk, frame);
  };
  try {
    for await (const range of reader) {
      for (const frame of chunksOf(range)) {
        add(JSON.parse(frame), frame);
        await breathe();
      }
    }
  } finally {
    reader.close();
  }
  if (hasGap) throw createMessageError('part of its log is missing.');
  if (!isSettled || startCount === 0) throw createMessageError('its log is not kept any more.');
  if (startCount > 1 && !continued) {
    throw createMessageError('the message that it continues was not stored.');
  }
  return await finishMessage({ continued, id: taskId, record });
}
