import { readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai';
import type { TaskReader } from '../context/task-stream-context';
import { chunksOf } from '../http/chunk-stream';

/** These end a stream; a message has no part of them, and a reader would take them for failures. */
const endTypes = new Set(['error', 'abort']);

async function* chunksFrom(reader: TaskReader): AsyncGenerator<UIMessageChunk, undefined> {
  while (!reader.isEnded) {
    const range = reader.take();
    if (!range) {
      await reader.wait();
      continue;
    }
    for (const json of chunksOf(range)) {
      const chunk = JSON.parse(json) as UIMessageChunk;
      if (!endTypes.has(chunk.type)) yield chunk;
    }
  }
}

/**
 * Builds the message that a settled task has written, once, from its compacted log, by the
 * AI SDK's own rules.
 *
 * @param fallbackId What the message is called when nobody has named it.
 */
export async function readFinishedMessage(
  reader: TaskReader,
  fallbackId: string,
): Promise<UIMessage> {
  let message: UIMessage = { id: fallbackId, role: 'assistant', parts: [] };
  const chunks = chunksFrom(reader);
  try {
    const stream = new ReadableStream<UIMessageChunk>({
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    for await (const snapshot of readUIMessageStream({ message, stream })) message = snapshot;
    return message;
  } finally {
    reader.close();
  }
}
