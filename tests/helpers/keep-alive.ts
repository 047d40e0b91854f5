import { connect, type Socket } from 'node:net';

/** One response that came over a connection which stays open. */
interface KeptAnswer {
  status: number;
  headers: Headers;
  body: string;
}

/** A connection over which one request after the other is sent, as proxies do. */
export interface KeptConnection {
  readonly socket: Socket;
  write(bytes: string | Uint8Array): void;
  /** The next answer, interim ones included. Rejects when the server closes the connection first. */
  answer(): Promise<KeptAnswer>;
  close(): void;
}

/** The index at which a chunked body that begins at `at` ends; -1 while it is incomplete. */
function endOfChunks(text: string, at: number): number {
  for (let next = at; ; ) {
    const lineEnd = text.indexOf('\r\n', next);
    if (lineEnd < 0) return -1;
    const length = Number.parseInt(text.slice(next, lineEnd), 16);
    next = lineEnd + 2 + length + 2;
    if (length === 0) return text.length < next ? -1 : next;
  }
}

/** The first answer in the text, and what comes after it; `undefined` while it is incomplete. */
function splitAnswer(
  text: string,
  isHead: boolean,
): { answer: KeptAnswer; rest: string } | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const status = Number(statusLine.split(' ')[1]);
  const start = headEnd + 4;
  const hasNoBody = isHead || status < 200 || status === 204;
  const end = hasNoBody
    ? start
    : headers.get('transfer-encoding') === 'chunked'
      ? endOfChunks(text, start)
      : start + Number(headers.get('content-length'));
  if (end < 0 || end > text.length) return undefined;
  return { answer: { status, headers, body: text.slice(start, end) }, rest: text.slice(end) };
}

/** @param isHead Whether the responses are to HEAD requests, and so have no bodies. */
export async function openConnection(
  origin: string,
  { isHead = false }: { isHead?: boolean } = {},
): Promise<KeptConnection> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let text = '';
  let isClosed = false;
  let wake = () => {};
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    wake();
  });
  // The `close` event follows, and rejects whoever waits for an answer.
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
    wake();
  });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    async answer() {
      for (;;) {
        const found = splitAnswer(text, isHead);
        if (found) {
          text = found.rest;
          return found.answer;
        }
        if (isClosed) throw new Error(`The connection was closed after: ${text}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    close: () => socket.destroy(),
  };
}
