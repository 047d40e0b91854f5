import { taskIdHeader } from '../../protocol/frame';
import { TaskError } from '../../protocol/task-error';
import { isForClients } from '../log/task-errors';

/**
 * The AI SDK's headers of a UI message stream, with `no-transform` so that proxies do not buffer,
 * and without `connection`, which belongs to the HTTP server and is refused by HTTP/2.
 */
const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-vercel-ai-ui-message-stream': 'v1',
  'x-accel-buffering': 'no',
} as const;

/** Options of a response that streams a task. */
export interface TaskResponseInit extends ResponseInit {
  /**
   * `named`: task parts are sent as events with names, such as `task-settle`, for
   * `addEventListener` of `EventSource`. Default: all chunks are `message` events, as AI SDK clients
   * expect.
   */
  events?: 'named';
}

const statuses = {
  'body-too-large': 413,
  'chat-busy': 409,
  'chat-unavailable': 503,
  'context-unavailable': 503,
  forbidden: 403,
  'input-too-large': 413,
  'invalid-body': 400,
  'invalid-chat-id': 400,
  'invalid-cursor': 400,
  'invalid-input': 400,
  'invalid-message': 400,
  'invalid-query': 400,
  'invalid-task-id': 400,
  'method-not-allowed': 405,
  'not-found': 404,
  'too-many-tasks': 429,
  unauthorized: 401,
  'unsupported-media-type': 415,
} as const;

/** The statuses by any text, because hosts may throw errors of codes of their own. */
const statusByCode = new Map<string, number>(Object.entries(statuses));

/** The `retry-after` by code, in seconds: a storage comes back sooner than a task ends. */
const retryAfterByCode = new Map([
  ['chat-unavailable', '1'],
  ['context-unavailable', '1'],
  ['too-many-tasks', '5'],
]);

function headersFor(
  init: HeadersInit | undefined,
  taskId: string | undefined,
  defaults: Record<string, string>,
): Headers {
  const headers = new Headers(defaults);
  new Headers(init).forEach((value, name) => {
    headers.set(name, value);
  });
  if (taskId !== undefined) headers.set(taskIdHeader, taskId);
  return headers;
}

/** A response that streams frames; to `HEAD` its body is null. The host's headers win. */
export function streamResponse(
  body: ReadableStream<Uint8Array> | null,
  taskId: string,
  init: ResponseInit = {},
): Response {
  return new Response(body, { ...init, headers: headersFor(init.headers, taskId, streamHeaders) });
}

/** 204: there is nothing (left) to read; it also stops a native `EventSource`. */
export function emptyResponse(taskId?: string, init: ResponseInit = {}): Response {
  const headers = headersFor(init.headers, taskId, { 'cache-control': 'no-store' });
  return new Response(null, { status: 204, headers });
}

/** A JSON response that nobody may cache. */
export function jsonResponse(
  body: unknown,
  { status = 200, headers }: { status?: number; headers?: HeadersInit } = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: headersFor(headers, undefined, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
    }),
  });
}

/** An error that a handler threw, as a response. One not for clients is masked, and reported. */
export function failureResponse(error: unknown, report: (error: unknown) => void): Response {
  if (!isForClients(error)) report(error);
  return errorResponse(error);
}

/**
 * `{ error: { code, message } }` with the status of the code. The status is 500 for other codes, and
 * for errors that are not for clients, which are masked.
 */
export function errorResponse(error: unknown, init: ResponseInit = {}): Response {
  const shown = isForClients(error) ? error : new TaskError({ message: 'The request failed.' });
  const { code, message, retryable, details } = shown.toJSON();
  const headers = new Headers(init.headers);
  const retryAfter = retryAfterByCode.get(code);
  if (retryAfter) headers.set('retry-after', retryAfter);
  return jsonResponse(
    {
      error: {
        code,
        message,
        ...(retryable && { retryable }),
        ...(details !== undefined && { details }),
      },
    },
    { status: statusByCode.get(code) ?? 500, headers },
  );
}
