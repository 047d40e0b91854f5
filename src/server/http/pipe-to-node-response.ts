/** What we need of Node's `ServerResponse`; Express' and Fastify's raw responses have it, too. */
export interface NodeResponse {
  statusCode: number;
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  setHeader(name: string, value: string | string[]): unknown;
  flushHeaders?(): void;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  destroy(): unknown;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
  /** Added by the `compression` middleware. */
  flush?(): void;
}

/** Resolves at the next `drain`, or when the client has left. */
function drained(target: NodeResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      target.off('drain', done);
      target.off('close', done);
      resolve();
    };
    target.once('drain', done);
    target.once('close', done);
  });
}

/**
 * Sends a web `Response` over a Node response: flushes through compression, waits while the
 * socket is full, and leaves the body when the client has left. A body that fails cuts the
 * connection, so that the client asks for the rest. Never rejects.
 */
export async function pipeToNodeResponse(response: Response, target: NodeResponse): Promise<void> {
  target.statusCode = response.status;
  response.headers.forEach((value, name) => {
    target.setHeader(name, value);
  });
  // The only header that cannot be joined into one line.
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) target.setHeader('set-cookie', cookies);
  target.flushHeaders?.();
  const reader = response.body?.getReader();
  const leave = () => {
    // The body of a client that left may have failed meanwhile.
    reader?.cancel().catch(() => {});
  };
  target.once('close', leave);
  try {
    if (target.destroyed) leave();
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done || target.destroyed) break;
      const hasRoom = target.write(value);
      target.flush?.();
      if (!hasRoom && !target.destroyed) await drained(target);
    }
    if (!target.writableEnded) target.end();
  } catch (error) {
    console.error('ai-task-stream: a response was cut, because its body failed:', error);
    target.destroy();
  } finally {
    target.off('close', leave);
  }
}
