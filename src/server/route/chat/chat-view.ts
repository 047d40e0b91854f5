import { jsonResponse } from '../../http/responses';
import type { ChatOfOwner } from './chat-route';
import { createChatAwayError, createNoChatError } from './chat-store';
import { lastTurn, settleTurn } from './last-turn';
import type { TurnMeans } from './turn-means';

/** How often a chat is looked at that changes while it is looked at. */
const maxLooks = 5;

/** Whether a request wants the chat as JSON. */
export function wantsView({ headers }: Request): boolean {
  const accept = headers.get('accept') ?? '';
  return accept.includes('application/json') && !accept.includes('text/event-stream');
}

/**
 * The messages of a chat and the task that writes the next one, if there is one: the task is not among
 * what the messages tell already. What a turn has not saved is saved before.
 *
 * @throws TaskError `not-found`, `chat-unavailable`, `context-unavailable`.
 */
export async function viewChat(of: ChatOfOwner, means: TurnMeans): Promise<Response> {
  for (let looks = 0; looks < maxLooks; looks++) {
    const taskId = await lastTurn(of, means);
    const state = taskId === undefined ? 'saved' : await settleTurn(of, taskId, means);
    const messages = await means.store.load(of);
    if (!messages) throw createNoChatError();
    if (taskId === undefined || state !== 'open') {
      // What could not be saved is still in the log of its task, which can be followed.
      return jsonResponse({ messages, activeTask: state === 'unsaved' ? taskId : null });
    }
    // If the task is over by now, it may have been saved before or after the messages were loaded.
    const now = await settleTurn(of, taskId, means);
    if (now === 'open') return jsonResponse({ messages, activeTask: taskId });
  }
  throw createChatAwayError();
}
