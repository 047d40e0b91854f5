import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isRecord } from '../../protocol/is-record';
import { checkJson } from '../http/check-json';
import { schemaIssues } from '../http/schema-issues';
import { checkTaskId } from '../log/task-errors';
import { createBodyError } from './chat-errors';
import type { ChatTrigger, ChatTurn } from './chat-types';
import { readChatId } from './read-chat-id';

/** The most messages that a body may have. Only one of them counts. */
const maxMessages = 1000;

/** What a page has sent for a turn. Its message is not checked yet: that is `checkMessage`. */
export interface ChatBody extends Omit<ChatTurn, 'answerId' | 'message' | 'goneId' | 'body'> {
  /** The name of the turn's task, if the page has made one. */
  taskId?: string;
  /** The message that counts, as it came. */
  message?: unknown;
  /** What else the body has, as it came. */
  body: Record<string, unknown>;
}

function checkTrigger(value: unknown): ChatTrigger {
  if (value === undefined || value === 'submit-message') return 'submit-message';
  if (value === 'regenerate-message') return value;
  throw createBodyError('`trigger` is `submit-message` or `regenerate-message`.');
}

function checkMessageId(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw createBodyError('`messageId` is the id of a message: a string.');
}

function checkList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw createBodyError(
      '`messages` is a list of messages. Only one counts: that which is new, or goes on.',
    );
  }
  if (value.length <= maxMessages) return value;
  throw createBodyError(
    `A body may have ${maxMessages} messages at most, and only one counts. Use \`TaskChatTransport({ layout: 'one-file' })\`, or send only the last message by \`prepareSendMessagesRequest\`.`,
  );
}

function hasId(message: unknown, id: string | undefined): boolean {
  return isRecord(message) && message.id === id;
}

/** The message of a list that counts: the one that is named, else the last one. */
function pickMessage(
  messages: readonly unknown[],
  trigger: ChatTrigger,
  messageId: string | undefined,
): unknown {
  const named =
    trigger === 'submit-message' && messageId !== undefined
      ? messages.find((message) => hasId(message, messageId))
      : undefined;
  return named ?? messages.at(-1);
}

/**
 * Checks what else the body has.
 *
 * @returns What the schema makes of it; without a schema, the fields as they came.
 * @throws TaskError `invalid-body`, with the schema's issues as `details`.
 */
export async function readBodyFields(
  fields: Readonly<Record<string, unknown>>,
  schema: StandardSchemaV1 | undefined,
): Promise<unknown> {
  if (!schema) return fields;
  const checked = await schema['~standard'].validate(fields);
  if (!checked.issues) return checked.value;
  throw createBodyError('The body does not fit. See the issues in `details`.', {
    issues: schemaIssues(checked.issues),
  });
}

/**
 * Reads the body of a request for a turn: that of `TaskChatTransport`, or of the AI SDK's
 * `DefaultChatTransport`, which sends the whole history. One message of that counts.
 *
 * @throws TaskError `invalid-body`, `invalid-chat-id` or `invalid-task-id`.
 */
export function readChatBody(json: unknown): ChatBody {
  if (!isRecord(json)) {
    throw createBodyError('The body of a turn is an object: `{ id, messages, trigger? }`.');
  }
  checkJson(json, 'invalid-body');
  const { id, messages, trigger: given, messageId: named, taskId, ...body } = json;
  const chatId = readChatId(id);
  const trigger = checkTrigger(given);
  const messageId = checkMessageId(named);
  const message = pickMessage(checkList(messages), trigger, messageId);
  const sent: ChatBody = { chatId, trigger, body };
  if (messageId !== undefined) sent.messageId = messageId;
  if (taskId !== undefined) sent.taskId = checkTaskId(taskId);
  if (trigger === 'submit-message') {
    if (message === undefined) throw createBodyError('`messages` has no message to answer.');
    return { ...sent, message };
  }
  if (message === undefined) return sent;
  // An answer is written anew behind this message. One that is a person's may not be stored yet, when
  // the request that brought it has failed; that of an assistant is known by its id alone.
  if (!isRecord(message) || typeof message.id !== 'string') {
    throw createBodyError('The last one of `messages` has no id.');
  }
  const { id: afterId, role } = message as { id: string } & Record<string, unknown>;
  return role === 'user' ? { ...sent, afterId, message } : { ...sent, afterId };
}
