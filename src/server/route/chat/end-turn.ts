import type { UIMessage } from 'ai';
import { changesBetween } from '../../chat/changes-between';
import type { ChatTurn } from '../../chat/chat-types';
import { hasAnswer } from '../../chat/has-answer';
import { isContinuation } from '../../chat/is-continuation';
import { type PlaceAnswerOptions, placeAnswer } from '../../chat/place-answer';
import type { TurnInput } from './plain-chat';
import type { TurnMeans, TurnSettleEvent } from './turn-means';
import type { TurnNotes } from './turn-notes';

/** A chat as it is to be at the end of a turn. Without an answer only its question is made good. */
function chatAtEnd(
  stored: readonly UIMessage[],
  turn: ChatTurn,
  answer: UIMessage | undefined,
  how: PlaceAnswerOptions,
): readonly UIMessage[] {
  if (answer) return placeAnswer(stored, turn, answer, how).messages;
  if (isContinuation(turn) || hasAnswer(stored, turn)) return stored;
  const { answerId } = turn;
  const placed = placeAnswer(stored, turn, { id: answerId, role: 'assistant', parts: [] }, how);
  return placed.messages.filter(({ id }) => id !== answerId);
}

/**
 * Saves the end of a turn: its answer stands behind the question, or in place of the message that went
 * on, and the question is saved with it if its turn could not save that when it began.
 *
 * @throws TaskError `chat-unavailable`; what `save` throws.
 */
export async function endTurn(
  input: TurnInput,
  { taskId, message, continued, isRecovered }: TurnSettleEvent,
  { store, notes }: TurnMeans & { notes: TurnNotes },
): Promise<void> {
  const { turn, owner } = input;
  const { chatId } = turn;
  const stored = await store.load({ chatId, owner });
  // The chat is gone.
  if (!stored) return;
  // What was recovered never overwrites what was finished, and no turn what another has gone on with.
  if ((isRecovered || continued) && hasAnswer(stored, turn, continued)) return;
  const isStarted = notes.isStarted(input);
  const messages = [
    ...chatAtEnd(stored, turn, message, { ...(isStarted !== undefined && { isStarted }) }),
  ];
  const { changed, removed } = changesBetween(stored, messages);
  if (changed.length === 0 && removed.length === 0) return;
  const revision = await notes.endRevision(input, taskId);
  await store.save({ chatId, owner, messages, changed, removed, revision, isRecovered });
}
