import type { UIMessage } from 'ai';
import { addQuery } from './add-query';
import type { TaskChatTransportOptions } from './task-chat-options';

/** What the AI SDK tells of a turn that is to be sent. */
interface Turn<Message extends UIMessage> {
  messages: readonly Message[];
  messageId: string | undefined;
}

/** The message that a turn is about: the one that is named, if it is still there, else the last. */
export function messageOfTurn<Message extends UIMessage>({
  messages,
  messageId,
}: Turn<Message>): Message[] {
  const named = messages.find(({ id }) => id === messageId);
  return named ? [named] : messages.slice(-1);
}

/**
 * The options of a transport as its layout has it. In one file, everything is at one address, and a
 * turn uploads the one message that it is about, because the server has all others. What the page
 * prepares by itself stays.
 */
export function applyLayout<Message extends UIMessage>(
  options: TaskChatTransportOptions<Message>,
): TaskChatTransportOptions<Message> {
  if (options.layout !== 'one-file') return options;
  const {
    api = '/api/chat',
    prepareSendMessagesRequest,
    prepareReconnectToStreamRequest,
  } = options;
  return {
    ...options,
    prepareSendMessagesRequest:
      prepareSendMessagesRequest ??
      (({ id, messages, body, trigger, messageId }) => ({
        body: { ...body, id, messages: messageOfTurn({ messages, messageId }), trigger, messageId },
      })),
    prepareReconnectToStreamRequest:
      prepareReconnectToStreamRequest ?? (({ id }) => ({ api: addQuery(api, { chatId: id }) })),
  };
}
