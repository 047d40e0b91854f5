// A host as serverless platforms are: each request gets a process of its own, which has nothing in its
// memory, and which is killed after some seconds, whatever it does.
import { createServer, request as forward, type Server } from 'node:http';
import { pipeline } from 'node:stream';

/** A process that serves one request. */
export interface Invocation {
  /** Resolves with the port on which it listens, once it does; `undefined` if it ends before. */
  readonly port: Promise<number | undefined>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<unknown>;
  kill(): void;
}

export interface HostOptions {
  /** How long an invocation may last, in milliseconds. */
  limitMs: number;
  invoke: () => Invocation;
}

/** Creates the host. It is given no more than requests, and keeps nothing between them. */
export function createHost({ limitMs, invoke }: HostOptions): Server {
  return createServer(async (request, response) => {
    const invocation = invoke();
    // Clients see that a process was killed by their connection, which breaks off.
    invocation.ended.then(() => response.destroy());
    const port = await invocation.port;
    if (port === undefined) return;
    const timer = setTimeout(invocation.kill, limitMs);
    invocation.ended.then(() => clearTimeout(timer));
    const { method, url, headers } = request;
    const inner = forward({ host: '127.0.0.1', port, method, path: url, headers });
    // A client that leaves takes only its connection with it: the process may have to do more.
    response.once('close', () => inner.destroy());
    inner.once('error', () => response.destroy());
    inner.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response, () => {
        // A connection that breaks off within an answer has broken off for the client, too.
      });
    });
    request.pipe(inner);
  });
}
