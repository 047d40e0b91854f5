import { TaskError } from '../../protocol/task-error';
import type { BodyStream } from './body-stream';

/** What is needed of Node's `IncomingMessage`. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whether the body was read from, such as by a body parser. */
  readonly readableDidRead?: boolean;
  /** What a body parser made of the body: text, bytes, or what JSON stands for. */
  readonly body?: unknown;
}

function bodyOf({ method, readableDidRead, body }: NodeRequest, { open }: BodyStream): RequestInit {
  if (method === 'GET' || method === 'HEAD') return {};
  // `duplex` is required with a stream as the body, and missing from the DOM's types.
  if (!readableDidRead) return { body: open(), duplex: 'half' } as RequestInit;
  if (body === undefined) {
    throw new TaskError({
      code: 'unreadable-body',
      message:
        'Somebody has read the body already, and left nothing in `request.body`. Serve the route before body parsers, or put there what they made of it.',
    });
  }
  const isText = typeof body === 'string' || body instanceof Uint8Array;
  return { body: isText ? (body as BodyInit) : JSON.stringify(body) };
}

/** The request's address, though clients may send any text as the path and as the `Host` header. */
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

/**
 * Makes a web-standard request of a Node request, with that stream as its body. If a body parser has
 * read the body, `request.body` takes its place.
 *
 * @throws TaskError `unreadable-body`.
 */
export function toWebRequest(request: NodeRequest, body: BodyStream): Request {
  const { method = 'GET' } = request;
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    // HTTP/2 has pseudo-headers such as `:path`, which `Headers` refuses.
    if (value === undefined || name.startsWith(':')) continue;
    headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return new Request(urlOf(request), { method, headers, ...bodyOf(request, body) });
}
