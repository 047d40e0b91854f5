import { ownedKey } from '../../log/owned-key';
import type { ChatOfOwner } from './chat-route';

/**
 * The turns of each chat whose end this process is saving, or could not save. A stream context whose
 * tasks are in this process' memory frees a chat also when its outcome could not be saved.
 */
export interface UnsavedTurns {
  note(chat: ChatOfOwner, taskId: string): void;
  /** To be called when the end of a turn is saved, or its task is not known any more. */
  forget(chat: ChatOfOwner, taskId: string): void;
  /** The newest one of a chat. */
  of(chat: ChatOfOwner): string | undefined;
}

export function createUnsavedTurns(): UnsavedTurns {
  const chats = new Map<string, Set<string>>();
  const keyOf = ({ chatId, owner }: ChatOfOwner) => ownedKey(owner, chatId);
  return {
    note(chat, taskId) {
      const key = keyOf(chat);
      chats.set(key, (chats.get(key) ?? new Set()).add(taskId));
    },
    forget(chat, taskId) {
      const turns = chats.get(keyOf(chat));
      turns?.delete(taskId);
      if (turns?.size === 0) chats.delete(keyOf(chat));
    },
    of: (chat) => [...(chats.get(keyOf(chat)) ?? [])].at(-1),
  };
}
