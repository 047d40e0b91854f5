import { TaskError } from '../../protocol/task-error';
import { isObject } from '../log/is-object';

/** The error for `originalMessages` that are no messages, given what is wrong with them. */
export function createMessagesError(cause: unknown): TaskError {
  if (TaskError.isInstance(cause)) return cause;
  return new TaskError({
    code: 'invalid-body',
    message:
      '`originalMessages` must be messages of the AI SDK: objects with a role and a list of parts. Check what the page sends with `validateUIMessages`.',
    cause,
  });
}

/**
 * Checks that what a page has sent has the form of messages. This does not replace the AI SDK's
 * `validateUIMessages`, which also checks tools and data parts.
 *
 * @throws TaskError `invalid-body`.
 */
export function checkMessages(messages: unknown): void {
  if (messages === undefined) return;
  const isMessage = (message: unknown) =>
    isObject(message) &&
    typeof message.role === 'string' &&
    Array.isArray(message.parts) &&
    message.parts.every((part) => isObject(part) && typeof part.type === 'string');
  if (!Array.isArray(messages) || !messages.every(isMessage)) throw createMessagesError(messages);
}
