import { type InferUITools, tool, type UIMessage } from 'ai';
import type { ChatTypes, InferChatMessage, TaskUIDataTypes, TaskUIMessage } from 'ai-task-stream';
import { useTaskChat } from 'ai-task-stream/react/chat';
import { createTaskChat } from 'ai-task-stream/ui';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';

const tools = {
  weather: tool({
    inputSchema: z.object({ city: z.string() }),
    outputSchema: z.object({ degrees: z.number() }),
  }),
};

type Message = UIMessage<
  { model: string },
  TaskUIDataTypes & { source: { url: string } },
  InferUITools<typeof tools>
>;

/** As a route has it. */
type Route = ChatTypes<Message> & { POST: (request: Request) => Promise<Response> };

/** What a page sees of a chat of which it imports the type alone. Type-checked; never called. */
export function TypedTaskChat(): void {
  expectTypeOf<InferChatMessage<Route>>().toEqualTypeOf<Message>();
  expectTypeOf<InferChatMessage<Message>>().toEqualTypeOf<Message>();
  expectTypeOf<InferChatMessage<{ POST: unknown }>>().toEqualTypeOf<TaskUIMessage>();
  expectTypeOf<InferChatMessage<unknown>>().toEqualTypeOf<TaskUIMessage>();

  const chat = useTaskChat<Route>({
    id: 'chat',
    api: '/api/chat',
    follow: 'live',
    onFinish: ({ message }) => expectTypeOf(message).toEqualTypeOf<Message>(),
    onToolCall({ toolCall }) {
      if (toolCall.toolName === 'weather' && !toolCall.dynamic) toolCall.input.city.toUpperCase();
    },
  });
  expectTypeOf(chat.messages).toEqualTypeOf<Message[]>();
  expectTypeOf(chat.error).toEqualTypeOf<Error | undefined>();
  expectTypeOf(chat.isLoading).toEqualTypeOf<boolean>();
  expectTypeOf(chat.stop()).toEqualTypeOf<Promise<boolean>>();
  chat.sendMessage({ text: 'Hello', metadata: { model: 'small' } });
  // @ts-expect-error the chat has other metadata
  chat.sendMessage({ text: 'Hello', metadata: { model: 7 } });
  chat.addToolOutput({ tool: 'weather', toolCallId: 'call', output: { degrees: 21 } });
  // @ts-expect-error the tool has another output
  chat.addToolOutput({ tool: 'weather', toolCallId: 'call', output: 'warm' });
  // @ts-expect-error there is no such tool
  chat.addToolOutput({ tool: 'whether', toolCallId: 'call', output: { degrees: 21 } });
  for (const { metadata, parts } of chat.messages) {
    expectTypeOf(metadata?.model).toEqualTypeOf<string | undefined>();
    for (const part of parts) {
      if (part.type === 'data-task') part.data.status.toUpperCase();
      if (part.type === 'data-source') part.data.url.toUpperCase();
      if (part.type === 'tool-weather') part.input?.city?.toUpperCase();
      // @ts-expect-error there is no such part
      if (part.type === 'tool-whether') continue;
    }
  }
  // @ts-expect-error a chat has a name
  useTaskChat({ api: '/api/chat' });
  const onStop: (props: { onClick: (event: MouseEvent) => void }) => void = () => {};
  onStop({ onClick: chat.stop });

  const store = createTaskChat<Route>({ id: 'chat', messages: chat.messages });
  expectTypeOf(store.getState().messages).toEqualTypeOf<Message[]>();
  store.sendMessage({ text: 'Hello', metadata: { model: 'small' } });
  expectTypeOf(createTaskChat({ id: 'chat' }).getState().messages).toEqualTypeOf<TaskUIMessage[]>();
  expectTypeOf(useTaskChat({ id: 'chat' }).messages).toEqualTypeOf<TaskUIMessage[]>();
}
