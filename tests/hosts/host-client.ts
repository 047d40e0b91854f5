import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { pipeline, type Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';

interface HostRequest {
  method: 'POST' | 'GET' | 'DELETE';
  /** Path and query. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A response whose connection can be cut, as a network does it. */
export interface HostResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  /** Reads until the text matches, and gives all text so far. Throws at the end. */
  until(pattern: RegExp): Promise<string>;
  /** Reads to the end, and gives all text. */
  rest(): Promise<string>;
  /** Stops reading from the connection. */
  pause(): void;
  cut(): void;
}

/** Sends a request by one of the protocols. */
export type SendRequest = (request: HostRequest) => Promise<HostResponse>;

function toHostResponse(
  status: number,
  headers: HostResponse['headers'],
  body: Readable & { destroy(): unknown },
): HostResponse {
  body.setEncoding('utf8');
  // What was cut on purpose is no news.
  body.on('error', () => {});
  let text = '';
  const next = async (): Promise<boolean> => {
    for (;;) {
      const piece: string | null = body.read();
      if (piece !== null) {
        text += piece;
        return true;
      }
      if (body.readableEnded || body.destroyed) return false;
      await new Promise<void>((resolve) => {
        const wake = () => {
          for (const name of events) body.off(name, wake);
          resolve();
        };
        const events = ['readable', 'end', 'close', 'error'];
        for (const name of events) body.on(name, wake);
      });
    }
  };
  return {
    status,
    headers,
    async until(pattern) {
      while (!pattern.test(text)) {
        if (!(await next())) throw new Error(`${pattern} never came: ${text.slice(-2_000)}`);
      }
      return text;
    },
    async rest() {
      while (await next()) {
        // Collected by `next`.
      }
      return text;
    },
    pause: () => body.pause(),
    cut: () => void body.destroy(),
  };
}

/** HTTP/1.1, with a connection for each request. Takes compressed responses, as browsers do. */
export function createHttpClient(origin: string): SendRequest {
  return async ({ method, path, headers = {}, body }) => {
    const outgoing = httpRequest(origin + path, {
      method,
      headers: {
        ...headers,
        'accept-encoding': 'gzip',
        ...(body && { 'content-length': String(Buffer.byteLength(body)) }),
      },
      agent: false,
    });
    outgoing.end(body);
    const [incoming]: IncomingMessage[] = await once(outgoing, 'response');
    if (!incoming) throw new Error('There is no response.');
    const { statusCode = 0, headers: head } = incoming;
    if (head['content-encoding'] !== 'gzip') return toHostResponse(statusCode, head, incoming);
    // Gives what there is at each flush, and does not mind a cut.
    const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    return toHostResponse(
      statusCode,
      head,
      pipeline(incoming, gunzip, () => {}),
    );
  };
}

/** HTTP/2 without TLS, with a connection for each request. */
export function createHttp2Client(origin: string): SendRequest {
  return async ({ method, path, headers = {}, body }) => {
    const session: ClientHttp2Session = connect(origin);
    const stream = session.request({ ':method': method, ':path': path, ...headers });
    stream.once('close', () => session.destroy());
    stream.end(body);
    const [{ ':status': status = 0, ...rest }] = await once(stream, 'response');
    return toHostResponse(status, rest, stream);
  };
}
