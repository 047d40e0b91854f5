import type { ChatMessage } from './chat-message';
import { readMessages } from './chat-store';
import { streamContext } from './stream-context';

/** A chat as the database has it. */
export interface LoadedChat {
  messages: ChatMessage[];
  /** Whether an answer is being written, which the page can follow. */
  isAnswering: boolean;
}

/**
 * Reads a chat. Whether a task runs is asked first: its message is saved before it counts as over,
 * so that what does not run any more is among the messages.
 */
export async function loadChat(id: string): Promise<LoadedChat> {
  const activeTask = await streamContext.activeTask(id);
  return { isAnswering: activeTask !== undefined, messages: await readMessages(id) };
}
