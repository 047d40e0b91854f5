import { preamble } from '../../protocol/frame';
import { createTextSource, type TextSink, type TextSourceOptions } from './text-source';

/** The body of a response: one pull-driven byte stream. */
export function createByteStream(options: TextSourceOptions): ReadableStream<Uint8Array> {
  const source = createTextSource(options);
  const bytes = new TextEncoder();
  let sink: TextSink;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        sink = {
          write: (text) => controller.enqueue(bytes.encode(text)),
          end: () => controller.close(),
          isFull: () => (controller.desiredSize ?? 0) < 0,
        };
        sink.write(preamble);
      },
      pull: () => source.pull(sink),
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0 },
  );
}
