import type { UseChatHelpers } from '@ai-sdk/react';
import type { UIMessage } from 'ai';
import type { TaskChatActions, TaskChatOptions, TaskChatState } from '../..';

/** Options of `useTaskChat`. */
export interface UseTaskChatOptions<Message extends UIMessage = UIMessage>
  extends TaskChatOptions<Message> {
  /** At most one render per so many milliseconds while an answer grows. Default: one per change. */
  throttleMs?: number | undefined;
}

/** What `useTaskChat` returns: what `useChat` of the installed AI SDK does, and what we add to it. */
export interface UseTaskChatResult<Message extends UIMessage = UIMessage>
  extends TaskChatState<Message>,
    TaskChatActions<Message>,
    Omit<
      UseChatHelpers<Message>,
      | keyof TaskChatState<Message>
      | keyof TaskChatActions<Message>
      | 'addToolResult'
      | 'resumeStream'
    > {}
