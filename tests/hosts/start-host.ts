import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface RunningHost {
  readonly origin: string;
  /** How many bytes went to sockets until now, those included that wait there. */
  sentBytes(): number;
  close(): Promise<void>;
}

/** Waits for a server to listen, on a port of its choice. */
export async function startHost(server: Server): Promise<RunningHost> {
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  return {
    origin: `http://localhost:${port}`,
    sentBytes: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
