import type { UIMessage } from 'ai';
import type { ChatChanges, ChatTurn } from 'ai-task-stream/server';

/** A message of a person. */
export function user(id: string, text = id): UIMessage {
  return { id, role: 'user', parts: [{ type: 'text', text }] };
}

/** A message of the assistant; its parts, or its text. */
export function assistant(
  id: string,
  content: string | readonly Record<string, unknown>[] = id,
): UIMessage {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  return { id, role: 'assistant', parts: parts as UIMessage['parts'] };
}

/** A turn that submits a message, unless something else is given. */
export function turnOf(turn: Partial<ChatTurn>): ChatTurn {
  return { chatId: 'chat', trigger: 'submit-message', answerId: 'answer', ...turn };
}

export function idsOf(messages: readonly UIMessage[]): string[] {
  return messages.map(({ id }) => id);
}

/** A table with a row for each message, to which changes are written. */
export function createRows(messages: readonly UIMessage[] = []): {
  /** @param messages The whole chat. */
  write(changes: ChatChanges, messages: readonly UIMessage[]): void;
  /** The chat as the rows tell it. */
  read(): UIMessage[];
} {
  const rows = new Map(messages.map((message, index) => [message.id, { index, message }]));
  return {
    write({ changed, removed }, messages) {
      for (const id of removed) rows.delete(id);
      for (const message of changed) {
        rows.set(message.id, { index: messages.indexOf(message), message });
      }
    },
    read() {
      return [...rows.values()].sort((a, b) => a.index - b.index).map(({ message }) => message);
    },
  };
}
