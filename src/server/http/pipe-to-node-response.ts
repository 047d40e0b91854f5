/** What we need of Node's `ServerResponse`; Express' and Fastify's raw responses have it, too. */
export interface NodeResponse {
  statusCode: number;
  readonly destroyed?: boolean;
  readonly writableEnded: boolean;
  /** Set where the response goes over HTTP/2; it has no `destroyed` of its own there. */
  readonly stream?: { readonly destroyed: boolean };
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

function sendHead(response: Response, target: NodeResponse): void {
  target.statusCode = response.status;
  response.headers.forEach((value, name) => {
    // HTTP/2 has no such header (RFC 9113, 8.2.2), and Node warns of it.
    if (name !== 'connection' || target.stream === undefined) target.setHeader(name, value);
  });
  // The only header that cannot be joined into one line.
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) target.setHeader('set-cookie', cookies);
  target.flushHeaders?.();
}

/**
 * Sends a web `Response` over a Node response: flushes through compression, waits while the
 * socket is full, and leaves the body when the client has left. A body that fails cuts the
 * connection, so that the client asks for the rest. Never rejects.
 */
export async function pipeToNodeResponse(response: Response, target: NodeResponse): Promise<void> {
  let hasLeft = false;
  let wake = () => {};
  const onDrain = () => wake();
  const reader = response.body?.getReader();
  const leave = () => {
    hasLeft = true;
    // The body of a client that left may have failed meanwhile.
    reader?.cancel().catch(() => {});
    wake();
  };
  target.on('close', leave);
  try {
    if (target.destroyed || target.stream?.destroyed) leave();
    else sendHead(response, target);
    // One for all waits: `compression` hands such listeners to its own stream for good.
    target.on('drain', onDrain);
    while (!hasLeft) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done || hasLeft) break;
      const hasRoom = target.write(value);
      target.flush?.();
      if (hasRoom || hasLeft) continue;
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
