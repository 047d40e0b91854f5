import type { BodySource } from './body-source';
import { createTextSource, type TextSourceOptions } from './text-source';

/** The text sources of the bodies that this module has made. */
const sources = new WeakMap<ReadableStream, BodySource<string>>();

/**
 * The text source of a body that this module has made and that nobody reads yet. To send from the
 * source halves the memory of thousands of clients that wait, and the time of their heartbeats.
 */
export function textSourceOf(body: ReadableStream | null): BodySource<string> | undefined {
  return body && !body.locked ? sources.get(body) : undefined;
}

/** The body of a response: one pull-driven byte stream. */
export function createByteStream(options: TextSourceOptions): ReadableStream<Uint8Array> {
  const source = createTextSource(options);
  const bytes = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source.start({
          write: (text) => controller.enqueue(bytes.encode(text)),
          end: () => controller.close(),
          isFull: () => (controller.desiredSize ?? 0) < 0,
        });
      },
      pull: source.pull,
      cancel: source.cancel,
    },
    { highWaterMark: 0 },
  );
  sources.set(stream, source);
  return stream;
}
