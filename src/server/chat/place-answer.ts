import type { UIMessage } from 'ai';
import { indexOf } from './apply-turn';
import { changesBetween } from './changes-between';
import type { ChatChanges, ChatTurn } from './chat-types';
import { isContinuation } from './is-continuation';

/** A chat with the answer of a turn. */
export interface PlacedAnswer<Message extends UIMessage = UIMessage> extends ChatChanges<Message> {
  readonly messages: Message[];
  /** `false`: the answer has no place any more, because its question is gone or was asked anew. */
  readonly isPlaced: boolean;
}

export interface PlaceAnswerOptions {
  /**
   * Whether what the turn has changed before its answer was saved. `false`: it was not, so it is
   * changed now. Default: as it can be told from the messages.
   */
  isStarted?: boolean;
}

/** The messages before the answer and those behind it; `undefined` when it has no place. */
type Place<Message> = readonly [before: readonly Message[], behind: readonly Message[]] | undefined;

function split<Message>(messages: readonly Message[], start: number, end = start): Place<Message> {
  return [messages.slice(0, start), messages.slice(end)];
}

/** The place of an answer whose question is not stored: at the end, unless it has been removed since. */
function placeOfNew<Message extends UIMessage>(
  stored: readonly Message[],
  { message, isNew }: ChatTurn<Message>,
  isStarted: boolean | undefined,
): Place<Message> {
  const isMissing = message?.role === 'user' && isNew && isStarted !== true;
  return isMissing ? [[...stored, message], []] : undefined;
}

function findPlace<Message extends UIMessage>(
  stored: readonly Message[],
  turn: ChatTurn<Message>,
  answer: Message,
  isStarted: boolean | undefined,
): Place<Message> {
  const known = indexOf(stored, answer.id);
  if (known >= 0) return split(stored, known, known + 1);
  const { message, afterId, goneId, isNew } = turn;
  if (isContinuation(turn) || afterId === undefined) return undefined;
  const question = indexOf(stored, afterId);
  if (question < 0 && afterId !== null) return placeOfNew(stored, turn, isStarted);
  const next = stored[question + 1];
  const kept = stored.slice(0, question + 1);
  const isUnsaved = isStarted === false || (next !== undefined && next.id === goneId);
  const edited = isUnsaved && message?.role === 'user' ? [...kept.slice(0, -1), message] : kept;
  // What the turn removes is still there. Behind a question that is new there is nothing of that.
  if (isUnsaved && !isNew) return [edited, []];
  // Another answer to the same question: it was asked anew since.
  return next?.role === 'assistant' ? undefined : [edited, stored.slice(question + 1)];
}

/**
 * Puts the answer of a turn into its chat: behind its question, or in place of the message that goes
 * on. What the turn has changed before is made good if it is not there. A chat in which the question
 * is gone, or has another answer by now, stays as it is.
 *
 * @param stored The messages of the chat as they are now.
 * @param turn The turn as `applyTurn` has returned it.
 */
export function placeAnswer<Message extends UIMessage>(
  stored: readonly Message[],
  turn: ChatTurn<Message>,
  answer: Message,
  { isStarted }: PlaceAnswerOptions = {},
): PlacedAnswer<Message> {
  const place = findPlace(stored, turn, answer, isStarted);
  if (!place) return { messages: [...stored], changed: [], removed: [], isPlaced: false };
  const [before, behind] = place;
  const messages = [...before, answer, ...behind];
  return { messages, ...changesBetween(stored, messages), isPlaced: true };
}
