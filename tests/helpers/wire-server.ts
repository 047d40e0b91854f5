import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { startHttpServer } from './http-server';

/** One request as a wire server got it. */
export interface WireRequest {
  method: string;
  /** Path and query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface WireServer {
  /** Address of the task's route. */
  api: string;
  /** Every request so far, in order. */
  requests: WireRequest[];
  /** Resolves once so many requests have arrived. */
  requested(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts an HTTP server on a free port that answers each request, counted from 0, with `answer`. */
export async function startWireServer(
  answer: (response: ServerResponse, request: WireRequest, index: number) => void,
): Promise<WireServer> {
  const requests: WireRequest[] = [];
  let waiting: { count: number; resolve: () => void }[] = [];
  const { origin, stop } = await startHttpServer(async (message, response) => {
    let body = '';
    for await (const piece of message) body += piece;
    const { method = '', url: path = '', headers } = message;
    const query = new URL(path, 'http://wire').searchParams;
    const request = { method, path, query, headers, body };
    requests.push(request);
    response.socket?.setNoDelay(true);
    answer(response, request, requests.length - 1);
    waiting = waiting.filter(({ count, resolve }) => {
      if (requests.length < count) return true;
      resolve();
      return false;
    });
  });
  return {
    api: `${origin}/api/task`,
    requests,
    requested: (count) =>
      requests.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ count, resolve })),
    close: stop,
  };
}

/** Sends the head of an event stream at once. */
export function sendHead(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  return response;
}

/** Sends bytes of an event stream, then breaks the connection. */
export function sendAndCut(response: ServerResponse, bytes: Uint8Array | string): void {
  sendHead(response);
  if (bytes.length === 0) response.socket?.destroy();
  else response.write(bytes, () => response.socket?.destroy());
}

/** Sends an error as the routes of a task do. */
export function sendError(
  response: ServerResponse,
  status: number,
  error?: { code: string; message: string; retryable?: boolean; details?: unknown },
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(error && JSON.stringify({ error }));
}
