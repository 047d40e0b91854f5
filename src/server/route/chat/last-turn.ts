import { unlessAway } from '../../log/task-errors';
import type { ChatOfOwner } from './chat-route';
import { type SavedState, savedBefore } from './saved-before';
import type { TurnMeans } from './turn-means';

/** How long a request waits for what a turn has to save, in milliseconds. */
const maxRequestMs = 10_000;

/** The turn of a chat that is running, or that is not saved yet. */
export async function lastTurn(
  { chatId, owner }: ChatOfOwner,
  { context, unsaved }: Pick<TurnMeans, 'context' | 'unsaved'>,
): Promise<string | undefined> {
  const active = await unlessAway(context.activeTask(chatId, { owner }));
  return active ?? unsaved.of({ chatId, owner });
}

/**
 * How a turn of a chat stands, once its outcome is saved if it is over and can be.
 *
 * @throws TaskError `context-unavailable`.
 */
export async function settleTurn(
  chat: ChatOfOwner,
  taskId: string,
  { context, saveEnd, report, unsaved }: TurnMeans,
  { waitsForOpen = false }: { waitsForOpen?: boolean } = {},
): Promise<SavedState> {
  const { owner } = chat;
  const onError = (error: unknown) => report(error, taskId);
  const how = { context, taskId, owner, onSettle: saveEnd, onError, waitsForOpen };
  const state = await unlessAway(savedBefore({ ...how, maxMs: maxRequestMs }));
  if (state === 'saved') unsaved.forget(chat, taskId);
  return state;
}
