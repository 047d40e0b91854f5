/** A request's body as a web stream, and the way to throw away what nobody has read of it. */
export interface BodyStream {
  /** Opens the stream; may be called once. */
  open(): ReadableStream<Uint8Array>;
  /** Reads what is left of the body, and throws it away; does not wait for the client. */
  discard(): void;
}

/**
 * Reads a body only as fast as it is pulled. Once the request is answered, the rest of the body has
 * to be read and thrown away. Over HTTP/1 the next request on the connection would wait behind it
 * for ever. Over HTTP/2 Node would reset the stream, take the bytes that still arrive for an attack,
 * and end the session. Destroying the body would cut the connection, and the response with it.
 */
export function createBodyStream(body: AsyncIterable<Uint8Array>): BodyStream {
  let chunks: AsyncIterator<Uint8Array> | undefined;
  let isDiscarded = false;

  const next = async () => {
    // Asked for late, because requests that a host has made up have no iterator if they have no body.
    chunks ??= body[Symbol.asyncIterator]();
    return chunks.next();
  };

  const discard = () => {
    if (isDiscarded) return;
    isDiscarded = true;
    const readOn = async () => {
      while (!(await next()).done);
    };
    // A client that leaves in the middle of its body leaves nothing to read.
    readOn().catch(() => {});
  };

  const open = () =>
    new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: discard,
      },
      // With a mark above 0, a stream would pull before anybody reads it.
      { highWaterMark: 0 },
    );
  return { open, discard };
}
