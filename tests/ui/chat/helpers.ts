import type { ServerResponse } from 'node:http';
import type { ChatInit, ChatTransport, UIMessage, UIMessageChunk } from 'ai';
import type { TaskChatTransport, TaskChatTransportOptions } from '../../../src/ui';
import { type ChatServer, startChatServer } from '../../helpers/chat-server';
import type { ChatVersion, NotedChat } from '../../helpers/chat-versions';
import { onCleanUp } from '../../helpers/clean-up';
import { taskId } from '../../helpers/recording';

/** A server of a chat that closes when the test is over. */
export async function serveChat(
  ...parameters: Parameters<typeof startChatServer>
): Promise<ChatServer> {
  const server = await startChatServer(...parameters);
  onCleanUp(() => server.close());
  return server;
}

/** Sends the head of a stream of the recorded task. */
export function sendTaskHead(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-task-id': taskId });
  response.flushHeaders();
  return response;
}

/** A page that shows one chat. */
export interface ChatPage extends NotedChat {
  readonly transport: TaskChatTransport;
  /** The AI SDK's own transport, with the same options. */
  createStockTransport(): ChatTransport<UIMessage>;
  /** Another instance for the same chat, as a page makes at its next render. */
  createTransport(options?: Partial<TaskChatTransportOptions>): TaskChatTransport;
  /** Another chat on the same page. */
  openChat(init: Partial<ChatInit<UIMessage>> & { id: string }): NotedChat;
  /** The assistant's newest message. */
  answer(): UIMessage | undefined;
}

/** Opens a page on a chat, which is left when the test is over. */
export async function openPage(
  { load }: ChatVersion,
  options: TaskChatTransportOptions & { init?: Partial<ChatInit<UIMessage>> },
): Promise<ChatPage> {
  const { init, ...transportOptions } = options;
  const modules = await load();
  const createTransport = (changed?: Partial<TaskChatTransportOptions>) =>
    modules.createTransport({ ...transportOptions, ...changed });
  const transport = createTransport();
  const openChat: ChatPage['openChat'] = (given) => {
    const noted = modules.createChat({ transport, ...init, ...given });
    onCleanUp(() => noted.chat.stop());
    return noted;
  };
  const noted = openChat({ id: 'chat', ...init });
  return {
    ...noted,
    transport,
    createTransport,
    createStockTransport: () => modules.createStockTransport(transportOptions),
    openChat,
    answer: () => noted.chat.messages.filter(({ role }) => role === 'assistant').at(-1),
  };
}

/** All text of a message. */
export function textOf(message: UIMessage | undefined): string {
  return (message?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** The message without what differs from run to run: ids and times. */
export function timeless(message: UIMessage | undefined): unknown {
  return JSON.parse(
    JSON.stringify(message, (key, value) =>
      /^(taskId|id|createdAt|updatedAt|settledAt|durationMs|at)$/.test(key) ? key : value,
    ),
  );
}

/** Options of a request, as a chat gives them. */
export function sending(text = 'Go.', abortSignal?: AbortSignal) {
  const message: UIMessage = { id: 'm', role: 'user', parts: [{ type: 'text', text }] };
  return {
    trigger: 'submit-message' as const,
    chatId: 'chat',
    messageId: undefined,
    messages: [message],
    abortSignal,
  };
}

/** Reads to the end, and gives what that failed with beside the chunks. */
export async function readAll(
  reader: ReadableStreamDefaultReader<UIMessageChunk>,
): Promise<{ chunks: UIMessageChunk[]; error: unknown }> {
  const chunks: UIMessageChunk[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { chunks, error: undefined };
      chunks.push(value);
    }
  } catch (error) {
    return { chunks, error };
  }
}
