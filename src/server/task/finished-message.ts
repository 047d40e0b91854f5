import type { UIMessage, UIMessageChunk } from 'ai';
import { TaskError } from '../../protocol/task-error';
import { chunksOf } from '../log/frames-of';
import type { TaskReader } from '../log/task-stream-context';
import { breathe } from '../time/slices';
import { buildMessage } from './build-message';
import { createMessageRecord, type MessageRecord } from './message-record';

/** The error of a message that cannot be made whole. */
function createMessageError(why: string, cause?: unknown): TaskError {
  return new TaskError({
    code: 'message-unavailable',
    message: `The message of the task cannot be given to \`onSettle\`: ${why}`,
    cause,
  });
}

/** What a task has written, as a message of the AI SDK. */
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
 * The message of a task that has settled in this process, and the chat with it. It is made of what
 * the process itself has written, whatever a storage has of that.
 *
 * @param continued The message that the task went on with, if it did.
 * @param others The chat's messages before that one.
 * @param record What the task has written, but for the frames that closed its log.
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
 * The message that a settled task has written, from its log; for a process that did not run it.
 *
 * @param continued The message that it went on with. What the log tells of that is less than it
 * was, and is left out.
 * @throws TaskError `message-unavailable` when the log is not whole, or when it goes on with a
 * message that is not given.
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
      // What came before is the message that the task goes on with, for those who replay it.
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
