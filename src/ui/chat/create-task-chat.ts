import type { InferChatMessage } from '../../protocol/chat-types';
import type { TaskUIMessage } from '../../protocol/task-parts';
import { callPage } from '../call-page';
import { deriveChatState } from './chat-progress';
import { createChatSession } from './chat-session';
import { ObservableChat } from './observable-chat';
import type { TaskChat, TaskChatOptions, TaskChatState } from './task-chat-types';

/**
 * Creates a chat of a route made by `createChatRoute`, without a framework: it loads the messages,
 * follows an answer that is being written, also one that began elsewhere, survives cuts, reloads and
 * servers that come and go, and stops the work when it is told to. Give it the type of the route,
 * `createTaskChat<typeof chat>(…)`, or of its messages, to have tools, data parts and metadata typed.
 *
 * @throws TaskError `invalid-options`.
 */
export function createTaskChat<Chat = TaskUIMessage>(
  options: TaskChatOptions<InferChatMessage<Chat>>,
): TaskChat<InferChatMessage<Chat>> {
  type Message = InferChatMessage<Chat>;
  const listeners = new Set<() => void>();
  // Derived when somebody asks for it.
  let state: TaskChatState<Message> | undefined;
  let unmount: (() => void) | undefined;

  function notify(): void {
    state = undefined;
    for (const listener of listeners) callPage(listener);
  }

  const { chat, actions, id, getProgress, mount, subscribe } = createChatSession(
    options,
    (init) => new ObservableChat<Message>(init, notify),
  );
  subscribe(notify);

  return {
    ...actions,
    id,
    getState() {
      state ??= deriveChatState(chat, getProgress());
      return state;
    },
    subscribe(listener) {
      // A function of its own, so that the same listener may be given twice.
      const own = () => listener();
      listeners.add(own);
      unmount ??= mount();
      return () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        unmount?.();
        unmount = undefined;
      };
    },
    setMessages(messages) {
      chat.messages = messages;
    },
  };
}
