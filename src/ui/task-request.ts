import { TaskError, type TaskErrorData } from '../protocol/task-error';
import { addQuery } from './add-query';
import { clientError } from './client-error';
import { briefText } from './error-text';
import { pageFault, toAnswer } from './page-fault';
import { retryAfterMs } from './retry-after';
import type { TaskClientOptions } from './task-client-options';

/** One request about a task. */
export interface TaskRequest {
  /** Default: POST with a body, else GET. */
  method?: 'DELETE' | undefined;
  /** Sent in the query, except with POST, whose body holds the taskId. */
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
  { api, headers: extra, credentials, fetch: given }: TaskClientOptions,
  { method, taskId, body, cursor, reason, signal }: TaskRequest,
): Promise<Response> {
  let headers: Headers;
  try {
    headers = new Headers(typeof extra === 'function' ? await extra() : extra);
  } catch (error) {
    return toAnswer(error, '`headers`');
  }
  headers.set('accept', 'text/event-stream');
  if (body) headers.set('content-type', 'application/json');
  if (cursor) headers.set('last-event-id', cursor);
  try {
    return await (given ?? globalThis.fetch)(
      body ? api : addQuery(api, { taskId, ...(reason && { reason }) }),
      {
        method: method ?? (body ? 'POST' : 'GET'),
        headers,
        signal,
        body,
        credentials,
        // Lets a cancel outlive the page that asked for it.
        keepalive: method === 'DELETE',
      },
    );
  } catch (error) {
    // Outside of a browser a relative address has no host, unless the page's own `fetch` adds one.
    const mayBeThere = given || globalThis.location || /^[\w+.-]+:\D/.test(api);
    throw mayBeThere ? error : pageFault('`api` without a host', error);
  }
}

/** What a response with an error status says. */
export interface Refusal {
  status: number;
  /** The server's own error when the body holds one, else `refused`. */
  error: TaskError;
  /** How long the server wants not to be asked again, in milliseconds. */
  minimumMs: number;
}

/** What a response with an error status says, given the text of its body. */
export function refusalOf({ status, headers }: Response, text: string): Refusal {
  const body = parse(text);
  const { error }: { error?: Partial<TaskErrorData> } = Object(body);
  const said = saidIn(body);
  return {
    status,
    error: new TaskError({
      code: 'refused',
      message: `Status ${status}${said ? `: ${said}` : '. Check address and access.'}`,
      details: { status },
      ...(typeof error?.code === 'string' && error),
    }),
    minimumMs: retryAfterMs(headers),
  };
}

/** Reads what a response with an error status says. */
export async function readRefusal(response: Response): Promise<Refusal> {
  return refusalOf(response, await response.text().catch(() => ''));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The body is no JSON, so it is taken as plain text.
    return text;
  }
}

/** What a server without our error format says, where servers usually say it; nothing of markup. */
function saidIn(body: unknown): string {
  const { error, message, detail, title } = Object(body);
  const said: unknown[] = [body, message, error, Object(error).message, detail, title];
  const words = said.find((value) => typeof value === 'string');
  return typeof words !== 'string' || /<[a-z!/?]/i.test(words) ? '' : briefText(words);
}

/**
 * The stream of a successful response.
 *
 * @throws TaskError `invalid-response` for no event stream, `unreadable-body` for one that this
 * platform cannot read.
 */
export function streamOf({ headers, body }: Response): ReadableStream<Uint8Array> {
  if (!headers.get('content-type')?.includes('text/event-stream')) {
    throw clientError('invalid-response', 'Not an event stream. Check the address.');
  }
  // Responses of React Native's own fetch have no body, or one that is no web stream.
  if (!body?.getReader || !globalThis.TextDecoder) {
    throw clientError('unreadable-body', 'Cannot stream. Use expo/fetch, and a TextDecoder.');
  }
  return body;
}
