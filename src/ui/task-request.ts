import { TaskError, type TaskErrorData } from '../protocol/task-error';
import { addQuery } from './add-query';
import { clientError } from './client-error';
import { retryAfterMs } from './retry-after';
import type { TaskClientOptions } from './task-client-options';

/** One request about a task. */
export interface TaskRequest {
  /** Default: POST with a body, else GET. */
  method?: 'DELETE' | undefined;
  /** Sent in the query, except with POST, whose body has it. */
  taskId: string;
  /** JSON text, for POST. */
  body?: string | undefined;
  /** Last seen cursor, for GET. */
  cursor?: string | undefined;
  /** Why to cancel, for DELETE. */
  reason?: string | undefined;
  signal?: AbortSignal;
}

/** Makes a request with fresh headers. */
export async function requestTask(
  { api, headers: extra, credentials, fetch = globalThis.fetch }: TaskClientOptions,
  { method, taskId, body, cursor, reason, signal }: TaskRequest,
): Promise<Response> {
  const headers = new Headers(typeof extra === 'function' ? await extra() : extra);
  headers.set('accept', 'text/event-stream');
  if (body) headers.set('content-type', 'application/json');
  if (cursor) headers.set('last-event-id', cursor);
  return fetch(body ? api : addQuery(api, { taskId, ...(reason && { reason }) }), {
    method: method ?? (body ? 'POST' : 'GET'),
    headers,
    signal,
    body,
    credentials,
    // Lets a cancel outlive the page that asked for it.
    keepalive: method === 'DELETE',
  });
}

/** What an error means that the server answered with. */
export interface Refusal {
  status: number;
  /** The server's own error when the body holds one. */
  error: TaskError;
  /** How long to wait at least before asking again, by the server's wish. */
  minimumMs: number;
}

/** Reads an answer whose status is an error. */
export async function readRefusal(response: Response): Promise<Refusal> {
  const { status, headers } = response;
  const { error }: { error?: Partial<TaskErrorData> } = Object(
    await response.json().catch(() => {}),
  );
  return {
    status,
    error: new TaskError({
      code: 'refused',
      message: `Status ${status}. Check address and access.`,
      details: { status },
      ...(typeof error?.code === 'string' && error),
    }),
    minimumMs: retryAfterMs(headers),
  };
}

/** The stream of a successful answer; throws a `TaskError` when it is none that can be read. */
export function streamOf({ headers, body }: Response): ReadableStream<Uint8Array> {
  if (!headers.get('content-type')?.includes('text/event-stream')) {
    throw clientError('invalid-response', 'Not an event stream. Check the address.');
  }
  // React Native's own fetch has no body, or one of its own kind.
  if (!body?.getReader) {
    throw clientError('unreadable-body', 'Cannot stream. Pass fetch from expo/fetch.');
  }
  if (!globalThis.TextDecoder) {
    throw clientError('unreadable-body', 'Cannot decode. Add a polyfill of TextDecoder.');
  }
  return body;
}
