// A chat in one file over a store of its own, and a page that talks to it by requests.
import type { UIMessage, UIMessageChunk } from 'ai';
import {
  type ChatRoute,
  type CreateChatRouteOptions,
  createChatRoute,
  type SaveChatOptions,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { expect } from 'vitest';
import { chunksIn } from './sse';
import { createId, createOwnContext } from './tasks';
import { textChunks } from './text-chunks';

/** A database with the messages of each chat, kept as JSON. */
export interface ChatStore {
  /** What `save` was called with, in order. */
  readonly saves: SaveChatOptions[];
  load(chatId: string): UIMessage[];
  save(options: SaveChatOptions): void;
  put(chatId: string, messages: readonly UIMessage[]): void;
}

export function createChatStore(): ChatStore {
  const chats = new Map<string, string>();
  const saves: SaveChatOptions[] = [];
  return {
    saves,
    load: (chatId) => JSON.parse(chats.get(chatId) ?? '[]'),
    save(options) {
      saves.push(options);
      // The rows that the changes make have to be the messages that are given beside them.
      const rows = new Map<string, UIMessage>();
      for (const message of JSON.parse(chats.get(options.chatId) ?? '[]') as UIMessage[]) {
        rows.set(message.id, message);
      }
      for (const id of options.removed) rows.delete(id);
      for (const message of options.changed) rows.set(message.id, message);
      expect(new Set(rows.keys())).toEqual(new Set(options.messages.map(({ id }) => id)));
      chats.set(options.chatId, JSON.stringify(options.messages));
    },
    put(chatId, messages) {
      chats.set(chatId, JSON.stringify(messages));
    },
  };
}

/** A message of a person. */
export function userMessage(id: string, text = id): UIMessage {
  return { id, role: 'user', parts: [{ type: 'text', text }] };
}

/** A message of the assistant with parts of any kind. */
export function assistantMessage(id: string, ...parts: object[]): UIMessage {
  return { id, role: 'assistant', parts: parts as UIMessage['parts'] };
}

/** The texts of messages, with their ids. */
export function textsOf(messages: readonly UIMessage[]): string[] {
  return messages.map(({ id, parts }) => {
    const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
    return `${id}: ${texts.join('')}`;
  });
}

type Options = Partial<CreateChatRouteOptions>;

/** The error of an answer that refuses a request. */
export async function refusalOf(response: Response): Promise<{ status: number; code: string }> {
  const { error } = (await response.json()) as { error: { code: string } };
  return { status: response.status, code: error.code };
}

/** A page that is open on a chat. */
export interface ChatPage {
  readonly chatId: string;
  post(message: unknown, fields?: object): Promise<Response>;
  /** Asks a question, and reads the answer to its end. */
  ask(message: unknown, fields?: object): Promise<UIMessageChunk[]>;
  follow(query?: string, init?: RequestInit): Promise<Response>;
  view(): Promise<{ messages: UIMessage[]; activeTask: string | null }>;
  stop(taskId?: string): Promise<Response>;
}

export function openPage(
  route: Pick<ChatRoute, 'POST' | 'GET' | 'DELETE'>,
  { chatId = createId(), headers = {} }: { chatId?: string; headers?: Record<string, string> } = {},
): ChatPage {
  const url = `http://localhost/chat?chatId=${chatId}`;
  const post: ChatPage['post'] = (message, fields = {}) =>
    route.POST(
      new Request('http://localhost/chat', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          id: chatId,
          messages: message === undefined ? [] : [message],
          trigger: 'submit-message',
          ...fields,
        }),
      }),
    );
  return {
    chatId,
    post,
    async ask(message, fields) {
      const response = await post(message, fields);
      expect(response.status, await response.clone().text()).toBe(200);
      return chunksIn(await response.text());
    },
    follow: (query = '', init = {}) =>
      route.GET(
        new Request(`${url}${query}`, { ...init, headers: { ...headers, ...init.headers } }),
      ),
    async view() {
      const accept = { accept: 'application/json', ...headers };
      const response = await route.GET(new Request(url, { headers: accept }));
      expect(response.status).toBe(200);
      return response.json();
    },
    stop: (taskId) =>
      route.DELETE(
        new Request(taskId ? `${url}&taskId=${taskId}` : url, { method: 'DELETE', headers }),
      ),
  };
}

/** A chat whose work a test gives, with a page. */
export function createChat(
  options: Options = {},
  {
    create = createChatRoute,
    store = createChatStore(),
    streamContext = createOwnContext(),
  }: {
    create?: typeof createChatRoute;
    store?: ChatStore;
    streamContext?: TaskStreamContext;
  } = {},
) {
  const errors: unknown[] = [];
  const route = create({
    streamContext,
    owner: 'public',
    load: ({ chatId }) => store.load(chatId),
    save: (saving) => store.save(saving),
    execute({ messages, writer }) {
      for (const chunk of textChunks(`answer to ${messages.at(-1)?.id}`)) writer.write(chunk);
    },
    onError: (error) => errors.push(error),
    ...options,
  });
  return { ...openPage(route), route, store, errors, streamContext };
}
