import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { findFreePort } from '../../scripts/find-free-port.mjs';

/** One connection through a proxy. */
export interface Wire {
  /** Resets both of its ends. */
  cut(): void;
  /** Resolves once both of its ends are gone. */
  readonly closed: Promise<unknown>;
}

/** A server on a free port of this machine that joins each connection to one of the target's. */
export interface TcpProxy<SomeWire extends Wire> {
  readonly port: number;
  readonly wires: ReadonlySet<SomeWire>;
  /** Resets every connection. */
  cut(): void;
  /** From now on nothing listens: new connections are refused. */
  refuse(): void;
  /** Listens again, on the same port. */
  accept(): Promise<void>;
  close(): Promise<void>;
}

export async function startTcpProxy<SomeWire extends Wire>(
  target: { hostname: string; port: number },
  join: (near: Socket, far: Socket) => SomeWire,
): Promise<TcpProxy<SomeWire>> {
  const wires = new Set<SomeWire>();
  const port = await findFreePort();
  const listen = async (): Promise<Server> => {
    const created = createServer((near) => {
      const wire = join(near, connect(target.port, target.hostname));
      wires.add(wire);
      void wire.closed.then(() => wires.delete(wire));
    });
    created.listen(port, '127.0.0.1');
    await once(created, 'listening');
    return created;
  };
  const cut = () => {
    for (const wire of wires) wire.cut();
  };
  let server = await listen();
  return {
    port,
    wires,
    cut,
    refuse: () => void server.close(),
    async accept() {
      if (!server.listening) server = await listen();
    },
    async close() {
      server.close();
      cut();
      await Promise.all([...wires].map(({ closed }) => closed));
    },
  };
}

/** Resets a connection. */
export function reset(...sockets: readonly Socket[]): void {
  for (const socket of sockets) {
    // A socket that is being shut down cannot be reset: it would never close.
    if (socket.writableEnded) socket.destroy();
    else socket.resetAndDestroy();
  }
}

/** Resolves once all of them are gone. */
export function closed(...sockets: readonly Socket[]): Promise<unknown> {
  return Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))),
  );
}
