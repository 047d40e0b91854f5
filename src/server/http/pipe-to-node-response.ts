/** What is needed of Node's `ServerResponse`; raw responses of Express and Fastify have it, too. */
export interface NodeResponse {
  statusCode: number;
  readonly destroyed?: boolean;
  readonly writableEnded: boolean;
  /** Set over HTTP/2, where the response has no `destroyed` of its own. */
  readonly stream?: { readonly destroyed: boolean };
  /** The request that is answered. */
  readonly req?: { readonly method?: string };
  setHeader(name: string, value: string | string[]): unknown;
  flushHeaders?(): void;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  destroy(): unknown;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
  /** Added by the `compression` middleware. */
  flush?(): void;
}

/** Headers about one connection. HTTP/2 has none of them (RFC 9113, 8.2.2), and Node warns of them. */
const connectionHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

function sendHead(response: Response, target: NodeResponse): void {
  target.statusCode = response.status;
  // Over HTTP/1 they pass; whether a connection is kept alive, Node says by itself.
  response.headers.forEach((value, name) => {
    if (target.stream === undefined || !connectionHeaders.has(name)) target.setHeader(name, value);
  });
  // `set-cookie` is the only header whose values cannot be joined into one line.
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) target.setHeader('set-cookie', cookies);
  target.flushHeaders?.();
}

/**
 * Sends a web `Response` over a Node response: flushes through compression, waits while the socket
 * is full, and leaves the body when the client has left, or has sent HEAD. When the body fails, the
 * connection is cut, so that the client asks for the rest. Never rejects.
 */
export async function pipeToNodeResponse(response: Response, target: NodeResponse): Promise<void> {
  let isLeft = false;
  let wake = () => {};
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const onDrain = () => wake();
  const leave = () => {
    isLeft = true;
    // The body may have failed meanwhile, which does not matter to a client that has left.
    reader?.cancel().catch(() => {});
    wake();
  };
  target.on('close', leave);
  try {
    reader = response.body?.getReader();
    if (target.destroyed || target.stream?.destroyed) leave();
    else sendHead(response, target);
    if (target.req?.method === 'HEAD') leave();
    // One listener for all waits, because `compression` never removes it from its own stream.
    target.on('drain', onDrain);
    while (!isLeft) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done || isLeft) break;
      const hasRoom = target.write(value);
      target.flush?.();
      if (hasRoom || isLeft) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (!target.writableEnded) target.end();
  } catch (error) {
    console.error('ai-task-stream: a response was cut, because its body failed:', error);
    target.destroy();
  } finally {
    target.off('close', leave);
    target.off('drain', onDrain);
  }
}
