import type { ChatMessage } from './chat-message';
import { readMessages } from './chat-store';
import { streamContext } from './stream-context';

/** A chat as the database has it. */
export interface LoadedChat {
  messages: ChatMessage[];
  /** The task that is writing an answer now, which the page can follow. */
  taskId?: string | undefined;
}

/**
 * Reads a chat, the running task before the messages: a task's message is saved before the task
 * counts as over, so that the message of a task which runs no more is among the messages.
 */
export async function loadChat(id: string): Promise<LoadedChat> {
  const taskId = await streamContext.activeTask(id);
  return { taskId, messages: await readMessages(id) };
}
