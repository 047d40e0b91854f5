import { TaskError } from '../../protocol/task-error';

const chatIdPattern = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Reads the id of a chat that a page has sent. It has no characters that mean something in paths,
 * addresses or keys.
 *
 * @throws TaskError `invalid-chat-id`.
 */
export function readChatId(value: unknown): string {
  if (typeof value === 'string' && chatIdPattern.test(value)) return value;
  throw new TaskError({
    code: 'invalid-chat-id',
    message:
      'The id of a chat is a string of 1 to 128 characters of A-Z, a-z, 0-9, "_" and "-". Make one with `crypto.randomUUID()`.',
  });
}
