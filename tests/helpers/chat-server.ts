import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UIMessage } from 'ai';
import {
  cancelTask,
  createMemoryStreamContext,
  type ExecuteOptions,
  resumeTask,
  type StreamedTask,
  streamTask,
  type TaskSettings,
  toNodeHandler,
} from 'ai-task-stream/server';
import { startHttpServer } from './http-server';

/** What a page sends to start a turn. */
interface ChatBody {
  id: string;
  messages: UIMessage[];
  trigger?: string;
  taskId?: string;
  [name: string]: unknown;
}

/** One request as the server got it. */
interface ChatServerRequest {
  method: string;
  path: string;
  /** The query: `taskId`, `reason`, and whatever else it has. */
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
}

type Execute = (
  options: ExecuteOptions<ChatBody, string, unknown>,
  /** Counts the chat turns of the server, from 0. */
  turn: number,
) => unknown;

export interface ChatServer {
  /** Where the chat posts to; its stream is at `/<chatId>/stream`. */
  readonly api: string;
  readonly requests: ChatServerRequest[];
  readonly tasks: StreamedTask<unknown>[];
  /** How many requests of a method there were. */
  count(method: string): number;
  /** Breaks all connections. */
  cut(): void;
  /** Breaks all connections, and takes no new ones until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops for good, and cancels what still runs. */
  close(): Promise<void>;
}

/** Answers a request in the place of the routes when it returns true. */
export type Intercept = (
  request: ChatServerRequest,
  response: ServerResponse,
) => boolean | Promise<boolean>;

/** A chat's three routes as the documents describe them, over real HTTP. */
export async function startChatServer({
  execute,
  intercept = () => false,
  beforeTask,
  heartbeatMs = 5_000,
  ...options
}: {
  execute: Execute;
  intercept?: Intercept;
  /** Awaited before a turn's task is started. */
  beforeTask?: () => Promise<void>;
  heartbeatMs?: number;
} & Pick<TaskSettings, 'sendResult' | 'transformer'>): Promise<ChatServer> {
  const streamContext = createMemoryStreamContext({ scope: randomUUID() });
  const requests: ChatServerRequest[] = [];
  const tasks: StreamedTask<unknown>[] = [];
  const chatIdOf = ({ url }: Request) => /chat\/([^/]*)\/stream/.exec(decodeURIComponent(url))?.[1];
  const parameterOf = ({ url }: Request, name: string) =>
    new URL(url).searchParams.get(name) ?? undefined;

  const handle = toNodeHandler({
    async POST(request) {
      const body = (await request.json()) as ChatBody;
      await beforeTask?.();
      const turn = tasks.length;
      const task = streamTask<unknown, ChatBody>({
        taskId: body.taskId,
        chatId: body.id,
        originalMessages: body.messages,
        trigger: body.trigger,
        messageId: `message-${turn}`,
        input: body,
        streamContext,
        heartbeatMs,
        ...options,
        onError: () => {},
        execute: (options) => execute(options, turn),
      });
      tasks.push(task);
      return task.toResponse();
    },
    async GET(request) {
      const resumed = resumeTask({
        chatId: chatIdOf(request),
        taskId: parameterOf(request, 'taskId'),
        request,
        streamContext,
        heartbeatMs,
      });
      return resumed.toResponse();
    },
    async DELETE(request) {
      const cancelled = await cancelTask({
        chatId: chatIdOf(request),
        taskId: parameterOf(request, 'taskId'),
        reason: parameterOf(request, 'reason'),
        streamContext,
      });
      return Response.json({ cancelled });
    },
  });

  const { origin, cut, stop, start } = await startHttpServer(async (message, response) => {
    const { method = '', url = '', headers } = message;
    const { pathname, searchParams } = new URL(url, 'http://chat');
    const request = { method, path: pathname, query: Object.fromEntries(searchParams), headers };
    requests.push(request);
    if (!(await intercept(request, response))) await handle(message, response);
  });

  return {
    api: `${origin}/api/chat`,
    requests,
    tasks,
    count: (wanted) => requests.filter(({ method }) => method === wanted).length,
    cut,
    stop,
    start,
    async close() {
      await stop();
      await Promise.all(tasks.map((task) => task.cancel()));
      await streamContext.close();
    },
  };
}

/** Lets `bytes` bytes of a response through, at least one, then breaks its connection. */
export function cutAfter(response: ServerResponse, bytes: number): void {
  const write = response.write.bind(response);
  let left = bytes;
  const writeSome = (data: Uint8Array) => {
    if (left <= 0) return false;
    const piece = data.subarray(0, left);
    left -= piece.length;
    return write(piece, () => {
      if (left <= 0) response.socket?.destroy();
    });
  };
  response.write = writeSome as typeof response.write;
}
