import { streamText, tool, type UIMessage } from 'ai';
import type { InferChatMessage } from 'ai-task-stream';
import { useTaskChat } from 'ai-task-stream/react/chat';
import { createChatRoute, createMemoryStreamContext } from 'ai-task-stream/server';
import { TaskChatTransport } from 'ai-task-stream/ui';
import { z } from 'zod';

const database = {
  /** As a database gives them: typed as any messages. */
  load: async (_chatId: string): Promise<UIMessage[]> => [],
  save: async (_chatId: string, _messages: UIMessage[]): Promise<void> => {},
};

const chat = createChatRoute({
  streamContext: createMemoryStreamContext(),
  owner: async (request) => request.headers.get('x-user') ?? undefined,
  load: ({ chatId }) => database.load(chatId),
  save: async ({ chatId, messages, changed, removed, revision }) => {
    await database.save(chatId, messages);
    changed[0]?.metadata?.model.trim();
    revision.toFixed();
    removed[0]?.trim();
    // @ts-expect-error the metadata are others
    changed[0]?.metadata?.modal;
  },
  tools: {
    weather: tool({
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => ({ city, degrees: 21 }),
    }),
    locate: tool({
      inputSchema: z.object({}),
      outputSchema: z.object({ city: z.string() }),
    }),
  },
  dataPartSchemas: { source: z.object({ url: z.string() }) },
  messageMetadataSchema: z.object({ model: z.string() }),
  body: z.object({ model: z.enum(['fast', 'good']) }),
  execute: async ({ messages, tools, body, writer, trigger, owner, signal }) => {
    writer.write({ type: 'data-source', data: { url: body.model.toUpperCase() } });
    // @ts-expect-error the part has other data
    writer.write({ type: 'data-source', data: { href: 'https://example.com' } });
    // @ts-expect-error there is no such model
    if (body.model === 'best') return;
    // @ts-expect-error there is no such trigger
    if (trigger === 'delete-message') return;
    owner?.trim();
    messages[0]?.metadata?.model.trim();
    const result = streamText({ model: body.model, tools, prompt: 'Go.', abortSignal: signal });
    writer.merge(result.toUIMessageStream());
  },
});

const plain = createChatRoute({
  owner: 'public',
  load: () => [],
  save: () => {},
  execute: ({ writer }) => writer.write({ type: 'data-any', data: 1 }),
});

type Message = InferChatMessage<typeof chat>;

/** Type-checked with each major version of the AI SDK; never called. */
export function typedRoute(): unknown[] {
  return [
    chat.POST,
    new TaskChatTransport<Message>({ layout: 'one-file' }),
    () => {
      const { addToolOutput, messages } = useTaskChat<typeof chat>({ id: 'chat' });
      addToolOutput({ tool: 'locate', toolCallId: 'call', output: { city: 'Rome' } });
      // @ts-expect-error the tool has another output
      addToolOutput({ tool: 'locate', toolCallId: 'call', output: { town: 'Rome' } });
      const same: Message[] = messages;
      return same;
    },
    ({ parts }: InferChatMessage<typeof plain>) => parts.length,
    ({ metadata }: Message) => metadata?.model.trim(),
    ({ parts }: Message) =>
      parts.flatMap((part) => {
        // @ts-expect-error the chat has no such tool
        if (part.type === 'tool-whether') return [];
        if (part.type === 'data-task') return part.data.status.toUpperCase();
        if (part.type === 'data-source') return part.data.url.toUpperCase();
        if (part.type === 'tool-locate' && part.state === 'output-available') {
          return part.output.city.toUpperCase();
        }
        if (part.type !== 'tool-weather') return [];
        return part.state === 'output-available' ? part.output.degrees.toFixed(1) : [];
      }),
  ];
}
