import type { UIMessage } from 'ai';
import { applyTurn } from '../../chat/apply-turn';
import type { AppliedTurn } from '../../chat/chat-types';
import type { TurnsBefore } from '../../task/turns-before';
import { createNoChatError } from './chat-store';
import { createGoneOnError, progressOf } from './continued-message';
import type { TurnInput } from './plain-chat';
import { savedBefore } from './saved-before';
import type { TurnMeans } from './turn-means';
import type { TurnNotes } from './turn-notes';

/** How a turn begins, in each attempt. */
export interface BegunTurn {
  readonly applied: AppliedTurn;
  /** The messages that are stored. */
  readonly stored: readonly UIMessage[];
}

/** Has the turns before this one saved, also those whose process is gone. */
async function settleBefore(
  { owner }: TurnInput,
  { before, signal }: { before: TurnsBefore; signal: AbortSignal },
  { context, maxSavingMs, saveEnd, report }: TurnMeans,
): Promise<void> {
  await before.saved(signal);
  for (const taskId of before.taskIds) {
    const onError = (error: unknown) => report(error, taskId);
    const how = { context, taskId, owner, onSettle: saveEnd, onError, signal };
    // What it has not saved by then is saved at a later request, and stands in its place then.
    await savedBefore({ ...how, maxMs: maxSavingMs, waitsForOpen: 'lost' }).catch(onError);
    if (signal.aborted) return;
  }
}

/**
 * Begins a turn: once the turns before it are saved, it is applied to the messages that are stored, and
 * what that changes is saved. When that cannot be saved, the turn goes on, and its end saves it all.
 *
 * @throws TaskError `chat-unavailable`, `not-found`, `chat-busy`, and what `applyTurn` throws.
 */
export async function beginTurn(
  input: TurnInput,
  run: { taskId: string; before: TurnsBefore; signal: AbortSignal },
  means: TurnMeans & { notes: TurnNotes },
): Promise<BegunTurn> {
  const { turn, owner, from } = input;
  const { taskId, before, signal } = run;
  await settleBefore(input, run, means);
  signal.throwIfAborted();
  const { chatId } = turn;
  const { store, chat, notes, report } = means;
  const stored = await store.load({ chatId, owner });
  if (!stored) throw createNoChatError();
  const applied = await applyTurn(stored, turn, chat);
  const last = applied.messages.at(-1);
  if (from !== undefined && last && progressOf(last) !== from) throw createGoneOnError();
  const { changed, removed } = applied;
  if (changed.length > 0 || removed.length > 0) {
    signal.throwIfAborted();
    const messages = [...applied.messages, ...applied.after];
    const revision = await notes.beginRevision(input, taskId, before.taskIds);
    const saving = { chatId, owner, messages, changed, removed, revision, isRecovered: false };
    try {
      await store.save(saving);
      notes.noteStart(input, true);
    } catch (error) {
      notes.noteStart(input, false);
      report(error, taskId);
    }
  }
  return { applied, stored };
}
