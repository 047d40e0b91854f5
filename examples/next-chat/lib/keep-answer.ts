import type { TaskSettleEvent } from 'ai-task-stream/server';
import type { ChatMessage } from './chat-message';
import { saveAnswer } from './chat-store';

/** Keeps what a chat's task has written, however it ended. */
export async function keepAnswer({
  chatId,
  message,
  isRecovered,
}: Pick<TaskSettleEvent<unknown>, 'chatId' | 'message' | 'isRecovered'>): Promise<void> {
  if (chatId && message) await saveAnswer(chatId, message as ChatMessage, { isRecovered });
}
