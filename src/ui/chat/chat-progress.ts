import type { UIMessage } from 'ai';
import type { TaskChatState } from './task-chat-types';

/** What is known of a chat beside what the AI SDK's chat tells. */
export interface ChatProgress {
  readonly isLoading: boolean;
  /** Whether a running answer is about to be followed. */
  readonly isFollowing: boolean;
  /** Whether the server has been asked to stop the answer. */
  readonly isStopping: boolean;
  /** Why the chat could not be loaded. */
  readonly failure: Error | undefined;
}

/** What the AI SDK's chat tells. */
type ChatValues<Message extends UIMessage> = Pick<
  TaskChatState<Message>,
  'messages' | 'status' | 'error'
>;

export function isBusy({ status }: Pick<TaskChatState, 'status'>): boolean {
  return status === 'submitted' || status === 'streaming';
}

/** Derives the state that a page sees. */
export function deriveChatState<Message extends UIMessage>(
  { messages, status, error }: ChatValues<Message>,
  { isLoading, isFollowing, isStopping, failure }: ChatProgress,
): TaskChatState<Message> {
  const isWorking = isBusy({ status }) || isFollowing;
  const told = error ?? failure;
  return {
    messages,
    status: isBusy({ status }) ? status : isFollowing ? 'submitted' : told ? 'error' : 'ready',
    error: isWorking ? undefined : told,
    isLoading,
    isStopping: isStopping && isWorking,
  };
}
