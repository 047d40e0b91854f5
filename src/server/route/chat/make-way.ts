import { TaskError } from '../../../protocol/task-error';
import { askToStop } from '../../ask-to-stop';
import type { ChatTurn } from '../../chat/chat-types';
import { isContinuation } from '../../chat/is-continuation';
import { createChatAwayError } from './chat-store';
import { lastTurn, settleTurn } from './last-turn';
import type { TurnMeans } from './turn-means';

function createBusyError(): TaskError {
  return new TaskError({
    code: 'chat-busy',
    message: 'The chat is writing an answer. Wait for its end, or stop it.',
    retryable: true,
  });
}

/** Whether a turn is about a message that the turn before it may not have saved yet. */
function refersBack(turn: ChatTurn): boolean {
  return (
    turn.trigger === 'regenerate-message' || turn.messageId !== undefined || isContinuation(turn)
  );
}

/**
 * Makes way for a turn before its chat is looked at. One that is about another message waits until the
 * turn before is saved, which may have that; one that goes on with a message has the turn before stopped,
 * which may be at it. Others need not wait here, because their work does.
 *
 * @throws TaskError `chat-busy`, `chat-unavailable`, `context-unavailable`.
 */
export async function makeWay(
  turn: ChatTurn,
  owner: string | undefined,
  means: TurnMeans,
): Promise<void> {
  const { chat, context } = means;
  const of = { chatId: turn.chatId, owner };
  const refuses = chat.whenBusy === 'refuse';
  if (!refuses && !refersBack(turn)) return;
  const taskId = await lastTurn(of, means);
  if (taskId === undefined) return;
  let state = await settleTurn(of, taskId, means);
  if (state === 'open' && refuses) throw createBusyError();
  if (state === 'open' && isContinuation(turn)) {
    await askToStop(context, taskId, { owner, reason: 'superseded' });
    state = await settleTurn(of, taskId, means, { waitsForOpen: true });
  }
  if (state === 'unsaved' || (state === 'open' && isContinuation(turn)))
    throw createChatAwayError();
}
