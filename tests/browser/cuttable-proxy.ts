import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A wire between the page and the server that can really be cut. */
export interface CuttableProxy {
  readonly address: string;
  /** Resets every connection, and each new one until `mend`. */
  cut(): void;
  mend(): void;
  /** Resets every connection there is; new ones come about. */
  reset(): void;
  close(): Promise<void>;
}

/** Passes bytes on to an `http:` address on this machine. */
export async function createCuttableProxy(target: string): Promise<CuttableProxy> {
  const targetPort = Number(new URL(target).port);
  const sockets = new Set<Socket>();
  let isCut = false;

  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };

  const server = createServer((near) => {
    keep(near);
    if (isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(targetPort, '127.0.0.1');
    keep(far);
    near.pipe(far).pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const resetAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      resetAll();
    },
    mend() {
      isCut = false;
    },
    reset: resetAll,
    async close() {
      server.close();
      resetAll();
      await once(server, 'close');
    },
  };
}
