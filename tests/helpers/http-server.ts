import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server over real HTTP, on a free port of this machine. */
export interface HttpServer {
  readonly origin: string;
  readonly port: number;
  /** Breaks all connections. */
  cut(): void;
  /** Breaks all connections, and takes no new ones until `start`, on the same port. Idempotent. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startHttpServer(listener: RequestListener): Promise<HttpServer> {
  const listen = async (port: number): Promise<Server> => {
    // A process that stood still for Node's five seconds would close an idle connection just when the
    // client, in the same process, sends its next request on it.
    const created = createServer({ keepAliveTimeout: 0 }, listener);
    await new Promise<void>((resolve) => created.listen(port, '127.0.0.1', resolve));
    return created;
  };
  let server: Server | undefined = await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    cut: () => server?.closeAllConnections(),
    async stop() {
      const stopped = server;
      if (!stopped) return;
      server = undefined;
      await new Promise((resolve) => {
        stopped.close(resolve);
        stopped.closeAllConnections();
      });
    },
    async start() {
      server ??= await listen(port);
    },
  };
}

/** Serves while `use` runs, and then cuts all that is left. */
export async function withServer<Value>(
  listener: RequestListener,
  use: (origin: string) => Promise<Value>,
): Promise<Value> {
  const { origin, stop } = await startHttpServer(listener);
  try {
    return await use(origin);
  } finally {
    await stop();
  }
}
