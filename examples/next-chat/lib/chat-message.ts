import type { InferChatMessage } from 'ai-task-stream';
import type { POST } from '../app/api/chat/route';

/** A message with the tools and the data parts that the chat's route declares. */
export type ChatMessage = InferChatMessage<typeof POST>;
