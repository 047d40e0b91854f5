import { TaskError } from '../protocol/task-error';
import type { TaskRoute } from './create-task-route';
import { type NodeResponse, pipeToNodeResponse } from './http/pipe-to-node-response';
import { errorResponse } from './http/responses';

/** What we need of Node's `IncomingMessage`. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A body as a web stream, read only as fast as it is pulled. */
function bodyOf(request: NodeRequest): ReadableStream<Uint8Array> {
  const chunks = request[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}

/** The request's address. Clients may send anything as the path and as the `Host` header. */
function urlOf({ url = '/', headers }: NodeRequest): URL {
  const host = headers.host ?? headers[':authority'] ?? 'localhost';
  const candidates = [url.startsWith('/') ? `http://${host}${url}` : url, `http://localhost${url}`];
  const address = new URL(
    candidates.find((candidate) => URL.canParse(candidate)) ?? 'http://localhost/',
  );
  // A `Request` refuses credentials.
  address.username = '';
  address.password = '';
  return address;
}

function toWebRequest(request: NodeRequest): Request {
  const { method = 'GET' } = request;
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    // HTTP/2 has pseudo-headers such as `:path`, which `Headers` refuses.
    if (value === undefined || name.startsWith(':')) continue;
    headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(urlOf(request), {
    method,
    headers,
    // `duplex` is required with a stream as the body, and missing from the DOM's types.
    ...(hasBody && { body: bodyOf(request), duplex: 'half' }),
  });
}

/**
 * Serves a route with `node:http`, Express, or whatever else hands out Node's requests and
 * responses. Nothing may have read the body before.
 */
export function toNodeHandler(
  route: TaskRoute,
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return async (request, response) => {
    const handlers: Record<string, TaskRoute['GET'] | undefined> = { ...route };
    const handler = handlers[request.method ?? 'GET'];
    const answer = handler
      ? await handler(toWebRequest(request))
      : errorResponse(
          new TaskError({
            code: 'method-not-allowed',
            message: 'Use POST to start a task, GET to follow and DELETE to cancel it.',
          }),
          { headers: { allow: 'POST, GET, DELETE' } },
        );
    await pipeToNodeResponse(answer, response);
  };
}
