import { Chat, useChat } from '@ai-sdk/react';
import type { ChatTransport, DefaultChatTransport, InferUITools, UIMessage } from 'ai';
import { tool } from 'ai';
import type { TaskUIMessage } from 'ai-task-stream';
import { useTaskStream } from 'ai-task-stream/react';
import { TaskChatTransport, type TaskChatTransportOptions } from 'ai-task-stream/ui';
import { z } from 'zod';

const tools = {
  weather: tool({
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => ({ city, degrees: 21 }),
  }),
};

/** With tools, and with task parts beside data parts of its own. */
type WithTools = TaskUIMessage<unknown, { source: { url: string } }, InferUITools<typeof tools>>;

/** Type-checked with each major version of the AI SDK; never called. */
export function typedChat(): unknown[] {
  type Own = UIMessage<{ model: string }, { weather: { degrees: number } }>;
  const plain = new TaskChatTransport({ api: '/api/chat', reconnect: { maxAttempts: 3 } });
  const own = new TaskChatTransport<Own>({
    headers: async () => ({ authorization: 'token' }),
    credentials: 'include',
    body: () => ({ extra: true }),
    prepareSendMessagesRequest: ({ id, messages }) => ({
      body: { id, model: messages.at(-1)?.metadata?.model },
    }),
    prepareReconnectToStreamRequest: ({ id }) => ({ api: `/api/chat/${id}` }),
    prepareCancelRequest: ({ id, taskId, reason }) => ({ api: `/api/${id}/${taskId}/${reason}` }),
    stallTimeoutMs: 1000,
  });
  const stock: ConstructorParameters<typeof DefaultChatTransport<Own>>[0] = { api: '/api/chat' };
  const moved: TaskChatTransportOptions<Own> = { ...stock, resumeStreamIsReplay: true };
  const transports: ChatTransport<Own>[] = [own, new TaskChatTransport(moved)];
  return [
    transports,
    new Chat({ transport: plain }),
    new Chat<Own>({ transport: own }),
    new Chat<TaskUIMessage>({ transport: new TaskChatTransport() }),
    () => useChat({ transport: plain, resume: true }),
    () => useChat<Own>({ transport: own }),
    ({ parts }: TaskUIMessage) =>
      parts.flatMap((part) => (part.type === 'data-task' ? part.data.progress?.value : [])),
    () => useChat<WithTools>({ transport: new TaskChatTransport() }),
    (message: WithTools) => useTaskStream({ message }),
    ({ parts }: WithTools) =>
      parts.flatMap((part) => {
        // @ts-expect-error the model has no such tool
        if (part.type === 'tool-whether') return [];
        if (part.type === 'data-task') return part.data.status.toUpperCase();
        if (part.type === 'data-source') return part.data.url.toUpperCase();
        if (part.type !== 'tool-weather') return [];
        return part.state === 'output-available' ? part.output.degrees.toFixed(1) : [];
      }),
  ];
}
