import {
  type ChatRequestOptions,
  DefaultChatTransport,
  type UIMessage,
  type UIMessageChunk,
} from 'ai';
import { taskIdHeader } from '../protocol/frame';
import { onAbort } from './abort';
import { addQuery } from './add-query';
import { checkChatAnswer } from './chat-refusal';
import { newTaskId } from './new-task-id';
import { toAnswer } from './page-fault';
import { requestPatiently } from './request-patiently';
import type { TaskChatTransportOptions } from './task-chat-options';
import type { FollowOptions } from './task-client-options';

/** A response that streams a task. */
export interface TaskAnswer {
  readonly taskId: string;
  readonly response: Response;
  /** Breaks the response's connection. */
  close(): void;
}

/**
 * Adds a `taskId` to a JSON object without one, so that the request can be repeated and still
 * starts one task. `undefined` for other bodies.
 */
function nameTask(body: unknown): string | undefined {
  if (typeof body !== 'string' || !/^\{\s*"/.test(body)) return undefined;
  if (body.includes('"taskId"') && 'taskId' in JSON.parse(body)) return body;
  return `{"taskId":"${newTaskId()}",${body.slice(1)}`;
}

/** How long a message is sent again: a person waits, and wants to hear soon that nobody answers. */
const maxSendMs = 10_000;

/** The same, with the time for which a message is sent again. */
export function briefly({ reconnect, ...options }: FollowOptions): FollowOptions {
  const maxElapsedMs = Math.min(reconnect?.maxElapsedMs ?? maxSendMs, maxSendMs);
  return { ...options, reconnect: { ...reconnect, maxElapsedMs } };
}

/**
 * The AI SDK's own transport, for one request. A response that streams a task goes to `follow`; the
 * AI SDK reads every other one. While the server cannot be reached, a GET is repeated until the
 * chat's turn is `over`, and a POST that names its task is repeated for some seconds.
 */
export class FirstRequest<Message extends UIMessage> extends DefaultChatTransport<Message> {
  readonly #follow: (answer: TaskAnswer) => ReadableStream<UIMessageChunk>;
  #answer: TaskAnswer | undefined;

  /** @param known The task to follow. Default: the one that the chat runs. */
  constructor(
    options: TaskChatTransportOptions<Message>,
    follow: (answer: TaskAnswer) => ReadableStream<UIMessageChunk>,
    over: AbortSignal,
    known: string | undefined,
  ) {
    super(options);
    this.#follow = follow;
    this.fetch = async (input, init) => {
      const { fetch = globalThis.fetch } = options;
      const controller = new AbortController();
      const { signal } = controller;
      const close = () => controller.abort(init?.signal?.reason);
      if (init?.signal) onAbort(init.signal, close);
      const isRead = init?.method === 'GET';
      const isOneFile = options.layout === 'one-file';
      // Such as from a process that drains: the next request comes to another one.
      const isAgain = (status: number) => isOneFile && status === 503;
      const named = nameTask(init?.body);
      const address = known ? addQuery(String(input), { taskId: known }) : input;
      const send = () => fetch(address, { ...init, ...(named && { body: named }), signal });
      const forget = isRead ? onAbort(over, close) : undefined;
      let answered: Promise<Response>;
      if (isRead) answered = requestPatiently(options, send, signal);
      else if (named) answered = requestPatiently(briefly(options), send, signal, isAgain);
      else answered = send();
      const response = await checkChatAnswer(
        await answered.finally(forget),
        init?.method,
        isOneFile,
      );
      const taskId = response.headers.get(taskIdHeader);
      const isStream = response.headers.get('content-type')?.includes('text/event-stream');
      if (taskId && isStream) this.#answer = { taskId, response, close };
      return response;
    };
  }

  /** Whether a task answered. */
  get isTask(): boolean {
    return this.#answer !== undefined;
  }

  protected override processResponseStream(
    body: ReadableStream<Uint8Array>,
  ): ReadableStream<UIMessageChunk> {
    return this.#answer ? this.#follow(this.#answer) : super.processResponseStream(body);
  }
}

/** The chat that a request is about, and what its page wants to send along. */
export interface ChatAddress extends ChatRequestOptions {
  chatId: string;
}

/**
 * Makes a request to the address of the chat's stream. The AI SDK's own transport prepares it; the
 * query, headers and `init` that are given are added. Resolves with the unread response.
 */
export function requestChat<Message extends UIMessage>(
  options: TaskChatTransportOptions<Message>,
  chat: ChatAddress,
  {
    query,
    headers,
    ...init
  }: RequestInit & { query: Record<string, string>; headers?: Record<string, string> },
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const stock = new DefaultChatTransport<Message>({
      ...options,
      async fetch(input, prepared) {
        const { fetch = globalThis.fetch } = options;
        // Headers as a plain object, as the AI SDK has them: a page's `fetch` may spread them.
        const all = { ...Object.fromEntries(new Headers(prepared?.headers)), ...headers };
        const [address = ''] = String(input).split('#');
        const request = { ...prepared, ...init, headers: all };
        // Not awaited here: a failure of this request is for the caller, and not for the AI SDK.
        resolve((async () => fetch(addQuery(address, query), request))());
        // Status 204 tells the AI SDK that there is no stream to read.
        return new Response(null, { status: 204 });
      },
    });
    // For errors from before the request; once it was made, the outer promise is resolved already.
    stock
      .reconnectToStream(chat)
      .catch((error) => resolve(toAnswer(error, 'Preparing the request')))
      .catch(reject);
  });
}
