import { isToolUIPart, type UIMessage } from 'ai';
import { TaskError } from '../../../protocol/task-error';

/**
 * How far a message has come that goes on: how many parts it has, and where its tool calls stand. By
 * that a turn finds out whether another one has gone on with the message meanwhile. What hosts change
 * of a message when they save it, such as its metadata and data parts, does not matter.
 */
export function progressOf({ parts }: UIMessage): string {
  const calls = parts.flatMap((part) =>
    isToolUIPart(part) ? [`${part.toolCallId}=${part.state}`] : [],
  );
  const count = parts.filter(({ type }) => !type.startsWith('data-')).length;
  return [count, ...calls].join(' ');
}

/** The error of a turn that would go on with a message which is not what it was any more. */
export function createGoneOnError(): TaskError {
  return new TaskError({
    code: 'chat-busy',
    message: 'Another turn of the chat has gone on with this message. Load the chat again.',
    retryable: true,
  });
}
