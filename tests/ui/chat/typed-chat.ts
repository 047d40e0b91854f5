import { Chat, useChat } from '@ai-sdk/react';
import type { ChatTransport, DefaultChatTransport, UIMessage } from 'ai';
import type { TaskUIMessage } from 'ai-task-stream';
import { TaskChatTransport, type TaskChatTransportOptions } from 'ai-task-stream/ui';

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
  ];
}
