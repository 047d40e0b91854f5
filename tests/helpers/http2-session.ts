import { type ClientHttp2Session, connect, type createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';

type Http2Server = ReturnType<typeof createServer>;

/** Talks HTTP/2 with a server, in one session, while `use` runs. */
export async function withHttp2Session<Value>(
  server: Http2Server,
  use: (session: ClientHttp2Session) => Promise<Value>,
): Promise<Value> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    return await use(session);
  } finally {
    session.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}
