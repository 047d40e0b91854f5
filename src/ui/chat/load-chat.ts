import type { UIMessage } from 'ai';
import { checkChatAnswer } from '../chat-refusal';
import { briefly, requestChat } from '../chat-request';
import { clientError } from '../client-error';
import { requestPatiently } from '../request-patiently';
import type { TaskChatTransportOptions } from '../task-chat-options';

/** A chat as its route has it. */
export interface LoadedChat<Message extends UIMessage> {
  messages: Message[];
  /** The task that writes an answer now. */
  activeTask: string | null;
}

/**
 * Asks the route for a chat's messages; for some seconds also again, while it cannot be reached.
 *
 * @throws TaskError What the route refuses with, or `invalid-response`.
 */
export async function loadChat<Message extends UIMessage>(
  options: TaskChatTransportOptions<Message>,
  chatId: string,
  signal: AbortSignal,
): Promise<LoadedChat<Message>> {
  const headers = { accept: 'application/json' };
  const send = () => requestChat(options, { chatId }, { query: {}, headers, signal });
  const answer = await requestPatiently(briefly(options), send, signal);
  const response = await checkChatAnswer(answer, 'GET', true);
  const loaded: unknown = await response.json().catch(() => {
    // Such as the page of a proxy, which is no chat.
  });
  const { messages, activeTask = null }: Partial<LoadedChat<Message>> = Object(loaded);
  if (Array.isArray(messages)) return { messages, activeTask };
  throw clientError('invalid-response', 'No chat. Let the address be that of `createChatRoute`.');
}
