import type { ToolSet, UIMessage } from 'ai';
import { changesBetween } from './changes-between';
import { createMessageError } from './chat-errors';
import type { AppliedTurn, ChatTurn } from './chat-types';
import { takeAnswers } from './take-answers';

export function indexOf(messages: readonly UIMessage[], id: string | null | undefined): number {
  return id == null ? -1 : messages.findIndex((message) => message.id === id);
}

function gone(): Error {
  return createMessageError(
    'The message that this is about is not in the chat any more. Load the chat anew.',
  );
}

/** The turn's message goes on: nothing is removed, and what stands behind it stays. */
async function applyAnswers<Message extends UIMessage>(
  stored: readonly Message[],
  turn: ChatTurn<Message>,
  sent: Message,
  tools: ToolSet | undefined,
): Promise<AppliedTurn<Message>> {
  const index = indexOf(stored, sent.id);
  const found = stored[index];
  if (found?.role !== 'assistant') throw gone();
  const { message, answers } = await takeAnswers(found, sent, tools);
  const messages = [...stored.slice(0, index), message];
  const after = stored.slice(index + 1);
  const afterId = stored[index - 1]?.id ?? null;
  const reduced = { ...sent, parts: answers as Message['parts'] };
  return {
    messages,
    after,
    ...changesBetween(stored, [...messages, ...after]),
    turn: { ...turn, message: reduced, afterId },
    isAnswered: false,
  };
}

/** Ends the chat behind the question, unless the turn's own answer follows there. */
function cutBehind<Message extends UIMessage>(
  stored: readonly Message[],
  turn: ChatTurn<Message>,
  messages: Message[],
): AppliedTurn<Message> {
  const { goneId: _, ...others } = turn;
  const { answerId } = others;
  if (indexOf(messages, answerId) >= 0) {
    throw createMessageError(
      'The id of the answer is that of another message. Make a new taskId for each turn.',
    );
  }
  const rest = stored.slice(messages.length);
  const isAnswered = rest[0]?.id === answerId;
  const after = isAnswered ? rest : [];
  const goneId = isAnswered ? undefined : rest[0]?.id;
  return {
    messages,
    after,
    ...changesBetween(stored, [...messages, ...after]),
    turn: {
      ...others,
      afterId: messages.at(-1)?.id ?? null,
      ...(goneId !== undefined && { goneId }),
    },
    isAnswered,
  };
}

/** A person's message is new, or takes the place of one that is edited. */
function applyQuestion<Message extends UIMessage>(
  stored: readonly Message[],
  turn: ChatTurn<Message>,
  message: Message,
): AppliedTurn<Message> {
  const { messageId = message.id } = turn;
  const known = indexOf(stored, message.id);
  const edited = indexOf(stored, messageId);
  const index = edited < 0 ? known : edited;
  if (index < 0) {
    if (messageId !== message.id) throw gone();
    return cutBehind(stored, { ...turn, isNew: true }, [...stored, message]);
  }
  if (stored[index]?.role !== 'user') {
    throw createMessageError('Only messages of a person can be edited.');
  }
  // The message that takes the place of another one must not stand before it already.
  if (known >= 0 && known < index) throw gone();
  return cutBehind(stored, turn, [...stored.slice(0, index), message]);
}

/** How many messages stay when an answer is written anew. */
function countKept(
  stored: readonly UIMessage[],
  { messageId, afterId, answerId }: ChatTurn,
): number {
  const anchor = indexOf(stored, afterId);
  if (typeof afterId === 'string' && anchor < 0) throw gone();
  const roles = stored.map(({ role }) => role);
  const kept = afterId === undefined ? roles.lastIndexOf('user') + 1 : anchor + 1;
  if (messageId === undefined) return kept;
  const index = indexOf(stored, messageId);
  const next = stored[kept];
  // Once the turn was applied, the answer that it writes anew is gone, and nothing else is there.
  if (index < 0 && next && next.id !== answerId) throw gone();
  if (index < 0) return kept;
  const upTo = roles[index] === 'user' ? index + 1 : index;
  // The page has another chat than this one, so it does not know what would go.
  if (upTo !== kept && afterId !== undefined) throw gone();
  return upTo;
}

function applyAnew<Message extends UIMessage>(
  stored: readonly Message[],
  turn: ChatTurn<Message>,
): AppliedTurn<Message> {
  const { message, ...anew } = turn;
  if (message?.role !== 'user') {
    return cutBehind(stored, anew, stored.slice(0, countKept(stored, anew)));
  }
  const asked = { ...anew, afterId: message.id };
  if (indexOf(stored, message.id) >= 0) {
    return cutBehind(stored, asked, stored.slice(0, countKept(stored, asked)));
  }
  // The request that brought the question has failed, so it is new here.
  const { messageId } = turn;
  if (messageId !== message.id && indexOf(stored, messageId) >= 0) throw gone();
  return applyQuestion(stored, { ...asked, message, messageId: message.id }, message);
}

/**
 * What a turn makes of a chat before its answer is there: the question is added, or takes the place of
 * the one that is edited; the answer that is to be written anew goes, with all that follows; outputs
 * of client tools and answers to approvals are put into the message that goes on. Changes nothing of
 * what it is given, and makes the same of a chat to which the turn was applied already.
 *
 * @throws TaskError `invalid-message` when the turn does not fit the chat.
 */
export async function applyTurn<Message extends UIMessage>(
  stored: readonly Message[],
  turn: ChatTurn<Message>,
  { tools }: { tools?: ToolSet } = {},
): Promise<AppliedTurn<Message>> {
  const { trigger, message } = turn;
  if (trigger === 'regenerate-message') return applyAnew(stored, turn);
  if (!message) throw createMessageError('There is no message to answer.');
  if (message.role === 'assistant') return applyAnswers(stored, turn, message, tools);
  return applyQuestion(stored, turn, message);
}
