// The types of a chat in one file, which a page takes from its route.
import { type ToolSet, tool, type UIMessage } from 'ai';
import type { InferChatMessage } from 'ai-task-stream';
import { createChatRoute, type SaveChatOptions } from 'ai-task-stream/server';
import { expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';

it('are those that the chat declares, whatever its functions are typed as, and those of its POST', () => {
  const tools = { weather: tool({ inputSchema: z.object({ city: z.string() }) }) };
  const chat = createChatRoute({
    owner: 'public',
    load: <Message extends UIMessage>(): Message[] => [],
    save: (_chat: SaveChatOptions) => {},
    messageMetadataSchema: z.object({ model: z.string() }),
    dataPartSchemas: { title: z.string() },
    tools,
    onFirstTurn: ({ messages }) => {
      expectTypeOf(messages[0]?.metadata).toEqualTypeOf<{ model: string } | undefined>();
    },
    execute: (_turn: { messages: UIMessage[]; tools: ToolSet }) => {},
  });
  type Message = InferChatMessage<typeof chat>;
  expectTypeOf<Message['metadata']>().toEqualTypeOf<{ model: string } | undefined>();
  type Title = Extract<Message['parts'][number], { type: 'data-title' }>;
  expectTypeOf<Title['data']>().toEqualTypeOf<string>();
  type Call = Extract<Message['parts'][number], { type: 'tool-weather'; state: 'input-available' }>;
  expectTypeOf<Call['input']>().toEqualTypeOf<{ city: string }>();
  expectTypeOf<InferChatMessage<typeof chat.POST>>().toEqualTypeOf<Message>();
  expect(chat.POST).toBeTypeOf('function');
});
