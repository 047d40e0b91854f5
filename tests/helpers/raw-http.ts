import { connect } from 'node:net';

/** Lines of a request as they stand on the wire, with its body after an empty line. */
export function rawRequest(lines: readonly string[], body: string | Uint8Array = ''): Uint8Array {
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

/** What came back over a socket, taken apart as far as the tests look into it. */
export interface RawAnswer {
  /** All bytes, as Latin-1. */
  text: string;
  status: number;
  headers: Headers;
  body: string;
}

/**
 * Sends bytes as they are, and reads until the server closes the connection, as
 * `Connection: close` asks it to.
 *
 * @param breaksOff Ends the client's half of the connection after the bytes. A server may take that
 * for a client that has left.
 */
export async function sendRaw(
  origin: string,
  bytes: Uint8Array,
  { breaksOff = false }: { breaksOff?: boolean } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  // A server that refuses a request early may reset the connection while the rest is sent.
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  if (breaksOff) socket.end();
  let text = '';
  for await (const piece of socket) text += (piece as Buffer).toString('latin1');
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  return { text, status: Number(statusLine.split(' ')[1]), headers, body: bodyOf(headers, rest) };
}

/** The body without the lengths of its chunks. */
function bodyOf(headers: Headers, rest: string[]): string {
  const raw = rest.join('\r\n\r\n');
  if (headers.get('transfer-encoding') !== 'chunked') return raw;
  let body = '';
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at);
    const length = Number.parseInt(raw.slice(at, lineEnd), 16);
    if (lineEnd < 0 || !(length > 0)) return body;
    body += raw.slice(lineEnd + 2, lineEnd + 2 + length);
    at = lineEnd + 2 + length + 2;
  }
}
