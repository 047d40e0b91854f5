import type { UIMessage, UIMessageChunk } from 'ai';
import { checkChatId } from '../log/check-names';
import { checkMessages } from './check-messages';
import { historyChunks } from './message-history';

/** How a task begins. */
export interface Opening {
  /**
   * What a page that replays the log from the start has to know before: the message that the task
   * goes on with. Whoever started the task has it already.
   */
  readonly history: readonly UIMessageChunk[];
  readonly chunks: readonly UIMessageChunk[];
  /** Whether the task is a chat's, so that its message is the host's to save. */
  readonly isInChat: boolean;
  /** What the page and the host call the task's message. Outside of chats it may have no name. */
  readonly messageId: string | undefined;
  /** The assistant's message that the task goes on with, if there is one. */
  readonly continued: UIMessage | undefined;
  /** The chat's messages before the one that the task writes. */
  readonly others: readonly UIMessage[];
}

/** Reads the messages as they are now, because the host may use its array for more. */
export async function openingOf(
  {
    taskId,
    chatId,
    messageId,
    originalMessages,
    trigger,
  }: {
    taskId: string;
    chatId?: string;
    messageId?: string;
    originalMessages?: readonly UIMessage[];
    trigger?: string;
  },
  snapshot: UIMessageChunk,
): Promise<Opening> {
  checkMessages(originalMessages);
  checkChatId(chatId);
  const last = originalMessages?.at(-1);
  const isAnew = trigger === 'regenerate-message';
  const continued = last?.role === 'assistant' && !isAnew ? last : undefined;
  const others = originalMessages?.slice(0, continued ? -1 : undefined) ?? [];
  const isInChat = chatId !== undefined || originalMessages !== undefined;
  const id = continued?.id ?? messageId ?? (isInChat ? taskId : undefined);
  const start: UIMessageChunk = { type: 'start', ...(id !== undefined && { messageId: id }) };
  const opening = { chunks: [start, snapshot], isInChat, messageId: id, continued, others };
  if (!continued || continued.parts.length === 0) return { ...opening, history: [] };
  const { metadata } = continued;
  const history: UIMessageChunk[] = [
    { ...start, ...(metadata != null && { messageMetadata: metadata }) },
    ...(await historyChunks(continued)),
  ];
  return { ...opening, history };
}
