import { closed, reset, startTcpProxy } from '../helpers/tcp-proxy';

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
  let isCut = false;
  const port = Number(new URL(target).port);
  const proxy = await startTcpProxy({ hostname: '127.0.0.1', port }, (near, far) => {
    const cut = () => reset(near, far);
    for (const socket of [near, far]) {
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
    if (isCut) cut();
    return { cut, closed: closed(near, far) };
  });
  return {
    address: `http://127.0.0.1:${proxy.port}`,
    cut() {
      isCut = true;
      proxy.cut();
    },
    mend() {
      isCut = false;
    },
    reset: proxy.cut,
    close: proxy.close,
  };
}
