import type { CreateChatRouteOptions, SaveChatOptions } from 'ai-task-stream/server';

const chats = new Map<string, SaveChatOptions['messages']>();

/** The chat that the examples serve: kept in memory, and answered by a program that repeats words. */
export const chat = {
  owner: 'public',
  load: ({ chatId }) => chats.get(chatId) ?? [],
  save: ({ chatId, messages }) => void chats.set(chatId, messages),
  async execute({ messages, writer, signal }) {
    const said = messages.at(-1)?.parts.flatMap((part) => (part.type === 'text' ? part.text : []));
    const id = crypto.randomUUID();
    writer.write({ type: 'text-start', id });
    for (const word of `You said: ${said?.join(' ')}`.split(/(?= )/)) {
      signal.throwIfAborted();
      writer.write({ type: 'text-delta', id, delta: word });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    writer.write({ type: 'text-end', id });
  },
} satisfies CreateChatRouteOptions;
