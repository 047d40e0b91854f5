import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UIMessage } from 'ai';
import {
  cancelTask,
  createMemoryStreamContext,
  createTaskRoute,
  type DefinedExecuteOptions,
  defineTask,
  resumeTask,
  toNodeHandler,
} from 'ai-task-stream/server';
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
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  /** The turn, of a POST. */
  body?: SentTurn;
}

type Execute = (
  options: Omit<DefinedExecuteOptions<SentTurn, string, unknown>, 'context' | 'request'> & {
    messages: UIMessage[];
  },
  /** Counts the turns of the server, from 0. */
  turn: number,
) => unknown;

/** Answers a request in the place of the route when it returns true. */
type Intercept = (request: OneFileRequest, response: ServerResponse) => boolean | Promise<boolean>;

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

/** What a request is, for `count`. */
function kindOf({ method, headers }: OneFileRequest): string {
  if (method !== 'GET') return method;
  return headers.accept === 'application/json' ? 'load' : 'follow';
}

/** A chat at one address, over real HTTP, which keeps its messages in memory. */
export async function startOneFileChat({
  execute,
  intercept = () => false,
  beforeSave,
  heartbeatMs = 60_000,
  messages: kept = [],
  shouldRetry = () => false,
}: {
  execute: Execute;
  intercept?: Intercept;
  /** Awaited before an answer is saved. */
  beforeSave?: () => Promise<void>;
  heartbeatMs?: number;
  /** Whether an error of the work is worth another attempt. */
  shouldRetry?: (error: unknown) => boolean;
  /** What the chat of the id `chat` has from the start. */
  messages?: UIMessage[];
}): Promise<OneFileChat> {
  const streamContext = createMemoryStreamContext({ scope: randomUUID() });
  const chats = new Map([['chat', kept]]);
  const requests: OneFileRequest[] = [];
  const answersOf = new Map<string, { original: UIMessage[]; rest: UIMessage[] }>();
  let turns = 0;
  let isClosed = false;

  /** What the turn goes on from; it is the chat's from now on. */
  function begin({ id, messages, trigger, messageId, taskId }: SentTurn): void {
    const stored = chats.get(id) ?? [];
    const [message] = messages.slice(-1);
    if (!message) throw new Error('A turn has a message.');
    const at = stored.findIndex((one) => one.id === message.id);
    const isContinued = message.role === 'assistant' && trigger !== 'regenerate-message';
    const named = stored.findIndex((one) => one.id === messageId);
    const end = trigger === 'regenerate-message' && named > at ? named : at + 1;
    const before = at < 0 ? [...stored, message] : stored.slice(0, end);
    const original = at < 0 ? before : before.map((one) => (one.id === message.id ? message : one));
    const rest = isContinued ? stored.slice(at + 1) : [];
    answersOf.set(taskId, { original, rest });
    chats.set(id, [...original, ...rest]);
  }

  const task = defineTask({
    name: 'chat',
    retry: { attempts: 3, backoffMs: 0, when: shouldRetry },
    heartbeatMs,
    chat: ({ input }) => {
      const { id: chatId, trigger, taskId } = input as SentTurn;
      return { chatId, trigger, originalMessages: answersOf.get(taskId)?.original ?? [] };
    },
    onError: () => {},
    async onSettle({ taskId, chatId = '', message }) {
      await beforeSave?.();
      const { original, rest } = answersOf.get(taskId) ?? { original: [], rest: [] };
      if (message)
        chats.set(chatId, [...original.filter(({ id }) => id !== message.id), message, ...rest]);
    },
    async execute(options) {
      const input = options.input as SentTurn;
      const { original = [] } = answersOf.get(input.taskId) ?? {};
      await execute({ ...options, input, messages: original }, turns++);
    },
  });
  const route = createTaskRoute(task, { streamContext });
  const queryOf = ({ url }: Request) => Object.fromEntries(new URL(url).searchParams);

  async function whenBegun(chatId: string, waitMs: number): Promise<void> {
    const endsAt = performance.now() + waitMs;
    while (performance.now() < endsAt && !(await streamContext.activeTask(chatId))) {
      if (isClosed) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  const handle = toNodeHandler({
    async POST(request) {
      const turn: SentTurn = await request.json();
      begin(turn);
      const { taskId } = turn;
      const { url, headers } = request;
      return route.POST(
        new Request(url, {
          method: 'POST',
          headers,
          body: JSON.stringify({ taskId, input: turn }),
        }),
      );
    },
    async GET(request) {
      const { chatId = '', taskId, wait = 0 } = queryOf(request);
      if (request.headers.get('accept') === 'application/json') {
        const activeTask = (await streamContext.activeTask(chatId)) ?? null;
        return Response.json({ messages: chats.get(chatId) ?? [], activeTask });
      }
      await whenBegun(chatId, Number(wait));
      return resumeTask({ chatId, taskId, request, streamContext, heartbeatMs }).toResponse();
    },
    async DELETE(request) {
      const { chatId, taskId, reason } = queryOf(request);
      const cancelled = await cancelTask({ chatId, taskId, reason, streamContext });
      return Response.json({ cancelled });
    },
  });

  const { origin, cut, stop, start } = await startHttpServer(async (message, response) => {
    const { method = '', url = '', headers } = message;
    const query = Object.fromEntries(new URL(url, 'http://chat').searchParams);
    const request: OneFileRequest = { method, query, headers };
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
      isClosed = true;
      await stop();
      for (const chatId of chats.keys()) await cancelTask({ chatId, streamContext });
      await streamContext.close();
    },
  };
}
