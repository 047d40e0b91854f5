/** A request's body as a web stream, and the way to be rid of what nobody reads of it. */
export interface BodyStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** Reads what is left of the body, and throws it away; does not wait for the client. */
  discard(): void;
}

/**
 * Reads a body as fast as it is pulled, and not before: what nobody has read has to be thrown away
 * once the request is answered. Over HTTP/1 the next request on the connection would wait behind it
 * for ever. Over HTTP/2 Node resets the stream, and when enough of what is still on its way has
 * come, it takes that for an attack and ends the session. To destroy the body would cut the
 * connection, and the answer with it.
 */
export function createBodyStream(body: AsyncIterable<Uint8Array>): BodyStream {
  let chunks: AsyncIterator<Uint8Array> | undefined;
  let isDiscarded = false;

  const next = async () => {
    // Requests that hosts make up have none where they have no body.
    chunks ??= body[Symbol.asyncIterator]();
    return chunks.next();
  };

  const discard = () => {
    if (isDiscarded) return;
    isDiscarded = true;
    const readOn = async () => {
      while (!(await next()).done);
    };
    // A client that leaves in the middle of its body has ended it, too.
    readOn().catch(() => {});
  };

  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: discard,
    },
    // Above 0, a stream pulls by itself.
    { highWaterMark: 0 },
  );
  return { stream, discard };
}
