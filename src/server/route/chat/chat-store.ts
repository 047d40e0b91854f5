import type { UIMessage } from 'ai';
import { TaskError } from '../../../protocol/task-error';
import type { ChatOfOwner, SaveChatOptions } from './chat-route';
import type { PlainChat } from './plain-chat';

/** The error of a chat whose messages cannot be read, or are not saved yet. */
export function createChatAwayError(cause?: unknown): TaskError {
  return new TaskError({
    code: 'chat-unavailable',
    message: 'The messages of this chat cannot be had at the moment. Try again shortly.',
    retryable: true,
    cause,
  });
}

/** The error of a chat that is somebody else's, or that is not there. */
export function createNoChatError(): TaskError {
  return new TaskError({ code: 'not-found', message: 'There is no such chat.' });
}

/** The host's store of chats. */
export interface ChatStore {
  /**
   * The messages of a chat; `undefined` for one that is not the owner's.
   *
   * @throws TaskError `chat-unavailable`, with what the host has thrown as its cause.
   */
  load(chat: ChatOfOwner): Promise<readonly UIMessage[] | undefined>;
  /** @throws What the host throws. */
  save(chat: SaveChatOptions): Promise<void>;
}

export function createChatStore({ load, save }: Pick<PlainChat, 'load' | 'save'>): ChatStore {
  return {
    async load({ chatId, owner }) {
      try {
        const messages = (await load({ chatId, owner })) ?? undefined;
        if (messages === undefined || Array.isArray(messages)) return messages;
        throw new TypeError('`load` must give a list of messages, or `undefined`.');
      } catch (cause) {
        throw createChatAwayError(cause);
      }
    },
    async save(chat) {
      await save(chat);
    },
  };
}
