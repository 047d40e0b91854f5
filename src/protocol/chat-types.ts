import type { UIMessage } from 'ai';
import type { TaskUIMessage } from './task-parts';

/**
 * Carries the type of a chat's messages from its route to the page, without any code:
 * `createChatRoute` returns an object of this type, and `useTaskChat<typeof chat>` reads it. The
 * property never exists at run time.
 */
export interface ChatTypes<Message extends UIMessage = UIMessage> {
  readonly '~chat'?: { readonly message: Message };
}

/**
 * The messages of a chat, with its tools, data parts and metadata: `InferChatMessage<typeof chat>`.
 * A type of messages is itself, and anything else has messages with the parts of tasks.
 */
export type InferChatMessage<Chat> = Chat extends UIMessage
  ? Chat
  : Chat extends { readonly '~chat'?: infer Types }
    ? NonNullable<Types> extends { readonly message: infer Message extends UIMessage }
      ? Message
      : TaskUIMessage
    : TaskUIMessage;
