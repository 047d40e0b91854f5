import type { UIMessage, UIMessageChunk } from 'ai';
import { checkChatId } from '../log/check-names';
import { checkMessages } from './check-messages';
import { historyChunks } from './message-history';

/** How a task begins. */
export interface Opening {
  /**
   * The chunks of the message that the task continues, for pages that replay the log from its start.
   * The page that started the task has that message already.
   */
  readonly history: readonly UIMessageChunk[];
  readonly chunks: readonly UIMessageChunk[];
  /** Whether the task is a chat's, so that the host saves its message. */
  readonly isInChat: boolean;
  /** The id of the task's message for the page and the host. Outside of chats it may have none. */
  readonly messageId: string | undefined;
  /** The assistant's message that the task continues, if there is one. */
  readonly continued: UIMessage | undefined;
  /** The chat's messages before the one that the task writes. */
  readonly others: readonly UIMessage[];
}

/** Reads `originalMessages` at once, because the host may change its array later. */
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
