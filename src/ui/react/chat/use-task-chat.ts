import { Chat, useChat } from '@ai-sdk/react';
import type { UIMessage } from 'ai';
import { useEffect, useInsertionEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { InferChatMessage } from '../../../protocol/chat-types';
import type { TaskUIMessage } from '../../../protocol/task-parts';
import { deriveChatState } from '../../chat/chat-progress';
import { type ChatSession, createChatSession } from '../../chat/chat-session';
import { checkNumbers } from '../../check-options';
import type { UseTaskChatOptions, UseTaskChatResult } from './use-task-chat-types';

/**
 * `useChat` of the installed AI SDK for a chat of a route made by `createChatRoute`. It loads the
 * messages, follows an answer that is being written, also one that began elsewhere, and survives
 * cuts, reloads and servers that come and go; `stop` stops the work, and a component that unmounts
 * only leaves. Give it the type of the route, `useTaskChat<typeof chat>(…)`, or of its messages, to
 * have tools, data parts and metadata typed.
 *
 * @throws TaskError `invalid-options`.
 */
export function useTaskChat<Chat = TaskUIMessage>(
  options: UseTaskChatOptions<InferChatMessage<Chat>>,
): UseTaskChatResult<InferChatMessage<Chat>> {
  const { throttleMs } = options;
  checkNumbers({ throttleMs }, 0);
  const session = useSession(options);
  const { chat, actions, subscribe, getProgress } = session;
  const { resumeStream, addToolResult, ...helpers } = useChat({
    chat,
    // The name that both majors of the AI SDK know.
    experimental_throttle: throttleMs,
  });
  const progress = useSyncExternalStore(subscribe, getProgress, getProgress);
  // Insertion effects run before all others of the page, so that those meet the newest callbacks.
  useInsertionEffect(() => session.update(options));
  useEffect(() => session.mount(), [session]);

  const { messages, status, error } = helpers;
  const state = useMemo(
    () => deriveChatState({ messages, status, error }, progress),
    [messages, status, error, progress],
  );
  return { ...helpers, ...state, ...actions };
}

/** The session of a component; a new one for another chat. */
function useSession<Message extends UIMessage>(
  options: UseTaskChatOptions<Message>,
): ChatSession<Message, Chat<Message>> {
  const create = () => createChatSession(options, (init) => new Chat<Message>(init));
  const [session, setSession] = useState(create);
  if (session.id === options.id) return session;
  const next = create();
  // React renders again at once, before any child gets the former chat.
  setSession(next);
  return next;
}
