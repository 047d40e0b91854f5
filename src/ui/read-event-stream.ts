import { createEventParser, type StreamEvent } from './event-parser';

/**
 * Reads a body of Server-Sent Events. All events of one network read are handed over together;
 * `onRead` tells whether to go on, and nothing more is read until it does. Resolves at the end of
 * the body, rejects when it breaks.
 */
export async function readEventStream(
  body: ReadableStream<Uint8Array>,
  onRead: (events: readonly StreamEvent[]) => Promise<boolean>,
): Promise<void> {
  const parse = createEventParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || !(await onRead(parse(decoder.decode(value, { stream: true }))))) return;
    }
  } finally {
    reader.cancel().catch(() => {
      // The body broke already.
    });
  }
}
