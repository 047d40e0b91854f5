import type { UIMessage } from 'ai';
import { changesBetween } from './changes-between';
import type { ChatChanges, ChatTurn } from './chat-types';

/** A chat with the answer of a turn. */
export interface PlacedAnswer<Message extends UIMessage = UIMessage> extends ChatChanges<Message> {
  readonly messages: Message[];
  /** `false`: the answer has no place any more, because its question is gone or was asked anew. */
  readonly isPlaced: boolean;
}

/** Whether a turn goes on with a message of the assistant instead of writing a new one. */
function isContinuation({ trigger, message }: ChatTurn): boolean {
  return trigger === 'submit-message' && message?.role === 'assistant';
}

/** The place of the answer, and how many messages it takes the place of there. */
function findPlace(
  stored: readonly UIMessage[],
  turn: ChatTurn,
  answer: UIMessage,
): [index: number, count: 0 | 1] | undefined {
  const known = stored.findIndex(({ id }) => id === answer.id);
  if (known >= 0) return [known, 1];
  const { afterId } = turn;
  if (isContinuation(turn) || afterId === undefined) return undefined;
  const question = afterId === null ? -1 : stored.findIndex(({ id }) => id === afterId);
  if (question < 0 && afterId !== null) return undefined;
  // Another answer to the same question: it was asked anew since.
  if (stored[question + 1]?.role === 'assistant') return undefined;
  return [question + 1, 0];
}

/**
 * Puts the answer of a turn into its chat: behind its question, or in place of the message that goes
 * on. A chat in which the question is gone, or has another answer by now, stays as it is.
 *
 * @param stored The messages of the chat, to which the turn was applied.
 * @param turn The turn as `applyTurn` has returned it.
 */
export function placeAnswer<Message extends UIMessage>(
  stored: readonly Message[],
  turn: ChatTurn<Message>,
  answer: Message,
): PlacedAnswer<Message> {
  const place = findPlace(stored, turn, answer);
  if (!place) return { messages: [...stored], changed: [], removed: [], isPlaced: false };
  const [index, count] = place;
  const messages = [...stored.slice(0, index), answer, ...stored.slice(index + count)];
  return { messages, ...changesBetween(stored, messages), isPlaced: true };
}
