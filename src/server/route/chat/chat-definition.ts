import type { UIMessage } from 'ai';
import { readBodyFields } from '../../chat/chat-body';
import { migrateMessages } from '../../chat/migrate-messages';
import { defined } from '../../log/defined';
import type { PlainDefinition } from '../../plain-definition';
import type { AttemptMeans } from '../../task/attempt-plan';
import { type BegunTurn, beginTurn } from './begin-turn';
import type { ChatExecuteOptions } from './chat-route';
import { endTurn } from './end-turn';
import type { PlainChat, TurnInput } from './plain-chat';
import type { TurnMeans, TurnSettleEvent } from './turn-means';
import { createTurnNotes, type TurnNotes } from './turn-notes';

/** A turn that runs, as a task of the chat's definition. */
type RunningTurn = AttemptMeans & { readonly input: TurnInput };

/** The messages for the model. */
async function prepare(
  { applied }: BegunTurn,
  { turn, owner }: TurnInput,
  { prepareMessages, ...schemas }: PlainChat,
): Promise<UIMessage[]> {
  const { messages } = applied;
  const { chatId } = turn;
  return prepareMessages
    ? prepareMessages({ chatId, owner, messages })
    : migrateMessages(messages, schemas);
}

/** Whether a chat had no message before a turn. */
function isFirst({ stored }: BegunTurn, { turn }: TurnInput): boolean {
  // A later attempt finds the question.
  return turn.trigger === 'submit-message' && stored.every(({ id }) => id === turn.message?.id);
}

/** Does the work of a turn. */
async function run(
  { input, task, writer, signal, before }: RunningTurn,
  means: TurnMeans & { notes: TurnNotes },
): Promise<unknown> {
  const { chat, report } = means;
  const { taskId } = task;
  const { turn, owner } = input;
  const begun = await beginTurn(input, { taskId, before, signal }, means);
  const body = await readBodyFields(turn.body ?? {}, chat.body);
  const messages = await prepare(begun, input, chat);
  const { chatId, trigger } = turn;
  const { tools = {} } = chat;
  const given: ChatExecuteOptions = {
    ...{ chatId, owner, messages, tools, trigger, body },
    ...{ task, writer, signal },
  };
  const greet = async () => {
    if (!isFirst(begun, input)) return;
    await chat.onFirstTurn?.({ chatId, owner, messages: [...messages], task, writer, signal });
  };
  const greeting = greet().catch((error: unknown) => report(error, taskId));
  const result = await chat.execute(given);
  await greeting;
  return result;
}

/** The settings of a chat that are those of its tasks. */
function settingsOf({
  version,
  retry,
  maxRunMs,
  maxWaitMs,
  maxCheckpointBytes,
  maxStoredBytes,
  deadlineMs,
  graceMs,
  heartbeatMs,
  onError,
  toTaskError,
}: PlainChat): Partial<PlainDefinition> {
  return defined({
    ...{ version, retry, maxRunMs, maxWaitMs, maxCheckpointBytes, maxStoredBytes },
    ...{ deadlineMs, graceMs, heartbeatMs, onError, toTaskError },
  });
}

/** Makes the turns of a chat tasks of a definition. */
export function createChatDefinition(createMeans: (saveEnd: TurnMeans['saveEnd']) => TurnMeans): {
  definition: PlainDefinition;
  means: TurnMeans;
} {
  const saveEnd = async (event: TurnSettleEvent): Promise<void> => {
    // The messages of the whole chat are what is saved.
    const { turn: input, continued: _continued, messages: _messages, ...told } = event;
    const { taskId, chatId = input?.turn.chatId, owner } = event;
    const of = chatId === undefined ? undefined : { chatId, owner };
    if (of) means.unsaved.note(of, taskId);
    if (input) await endTurn(input, event, all);
    await chat.onSettle?.(told as Parameters<NonNullable<PlainChat['onSettle']>>[0]);
    if (of) means.unsaved.forget(of, taskId);
  };
  const means = createMeans(saveEnd);
  const all = { ...means, notes: createTurnNotes(means.context) };
  const { chat } = means;
  const definition: PlainDefinition = {
    ...settingsOf(chat),
    name: chat.name ?? 'chat',
    isTurn: true,
    work: chat.execute,
    chat: ({ input }: { input: TurnInput }) => {
      const { chatId, answerId: messageId, trigger } = input.turn;
      return { chatId, messageId, trigger };
    },
    execute: (turn: RunningTurn) => run(turn, all),
    onSettle: saveEnd,
  };
  return { definition, means };
}
