import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ToolSet, UIMessage } from 'ai';
import {
  type ChatExecuteOptions,
  createChatRoute,
  createMemoryStreamContext,
  type FirstTurnOptions,
  toNodeHandler,
} from 'ai-task-stream/server';
import { aborted } from './async';
import { startHttpServer } from './http-server';

/** A turn as a page has sent it. */
interface SentTurn {
  id: string;
  messages: UIMessage[];
  trigger: string;
  messageId?: string;
  taskId: string;
  [name: string]: unknown;
}

interface OneFileRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  /** The turn, of a POST. */
  body?: SentTurn;
}

/** Writes half an answer, and the rest once the gate is open; or ends there when it is stopped. */
export async function answerInHalves(
  { writer, signal }: Pick<ChatExecuteOptions, 'writer' | 'signal'>,
  gate: Promise<unknown>,
): Promise<void> {
  writer.write({ type: 'text-start', id: 't' });
  writer.write({ type: 'text-delta', id: 't', delta: 'Half.' });
  await Promise.race([gate, aborted(signal)]);
  if (!signal.aborted) writer.write({ type: 'text-delta', id: 't', delta: ' Whole.' });
  writer.write({ type: 'text-end', id: 't' });
}

export interface OneFileChat {
  readonly api: string;
  readonly requests: OneFileRequest[];
  /** The messages of each chat, as a database has them. */
  readonly chats: Map<string, UIMessage[]>;
  /** How many requests of a kind there were: a method, or `load` and `follow` for those of GET. */
  count(kind: string): number;
  /** The bodies of all turns that were sent, in order. */
  turns(): SentTurn[];
  /** Sends a turn as another page would. */
  send(turn: SentTurn): Promise<Response>;
  /** The same, with a new question. */
  ask(chatId: string, text: string): Promise<Response>;
  cut(): void;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

function kindOf({ method, headers }: OneFileRequest): string {
  if (method !== 'GET') return method;
  return headers.accept === 'application/json' ? 'load' : 'follow';
}

/** A chat in one file over real HTTP, which keeps its messages in memory. */
export async function startOneFileChat({
  execute,
  intercept = () => false,
  beforeSave,
  heartbeatMs = 60_000,
  messages: kept = [],
  shouldRetry = () => false,
  tools = {},
  onFirstTurn,
}: {
  execute: (
    options: ChatExecuteOptions,
    /** Counts the attempts of the server, from 0. */
    turn: number,
  ) => unknown;
  /** Answers a request in the place of the route when it returns true. */
  intercept?: (request: OneFileRequest, response: ServerResponse) => boolean | Promise<boolean>;
  /** Awaited before an answer is saved. */
  beforeSave?: () => Promise<void>;
  heartbeatMs?: number;
  /** What the chat of the id `chat` has from the start. */
  messages?: UIMessage[];
  /** Whether an error of the work is worth another attempt. */
  shouldRetry?: (error: unknown) => boolean;
  tools?: ToolSet;
  onFirstTurn?: (options: FirstTurnOptions) => Promise<void> | void;
}): Promise<OneFileChat> {
  const streamContext = createMemoryStreamContext({ scope: randomUUID() });
  const chats = new Map([['chat', kept]]);
  const requests: OneFileRequest[] = [];
  let turns = 0;

  const route = createChatRoute({
    owner: 'public',
    streamContext,
    heartbeatMs,
    tools,
    ...(onFirstTurn && { onFirstTurn }),
    retry: { attempts: 3, backoffMs: 0, when: shouldRetry },
    load: ({ chatId }) => chats.get(chatId) ?? [],
    async save({ chatId, messages, revision }) {
      const isOver = revision % 2 === 1;
      if (isOver) await beforeSave?.();
      chats.set(chatId, messages);
    },
    onError: () => {},
    execute: (options) => execute(options, turns++),
  });
  const handle = toNodeHandler(route);

  const { origin, cut, stop, start } = await startHttpServer(async (message, response) => {
    const { method = '', url = '', headers } = message;
    const { pathname: path, searchParams } = new URL(url, 'http://chat');
    const query = Object.fromEntries(searchParams);
    const request: OneFileRequest = { method, path, query, headers };
    if (method === 'POST') {
      let text = '';
      for await (const piece of message) text += piece;
      request.body = JSON.parse(text);
      // As body parsers leave it to the handler.
      Object.assign(message, { body: request.body });
    }
    requests.push(request);
    if (!(await intercept(request, response))) await handle(message, response);
  });
  const api = `${origin}/api/chat`;
  const send = (turn: SentTurn) =>
    fetch(api, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(turn),
    });

  return {
    api,
    requests,
    chats,
    count: (kind) =>
      requests.filter((request) => [request.method, kindOf(request)].includes(kind)).length,
    turns: () => requests.flatMap(({ body }) => body ?? []),
    send,
    ask: (id, text) => {
      const message: UIMessage = {
        id: randomUUID(),
        role: 'user',
        parts: [{ type: 'text', text }],
      };
      return send({ id, taskId: randomUUID(), trigger: 'submit-message', messages: [message] });
    },
    cut,
    stop,
    start,
    async close() {
      for (const chatId of chats.keys()) {
        await route.DELETE(new Request(`${api}?chatId=${chatId}`, { method: 'DELETE' }));
      }
      await stop();
      await streamContext.close();
    },
  };
}
