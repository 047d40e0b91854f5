import { createUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai';
import { createDeferred } from '../time/deferred';
import { breathe } from '../time/slices';

/** Types of chunks that end a stream, and add nothing to a message. */
const endTypes = new Set(['error', 'abort']);

/**
 * Builds a message of chunks by the AI SDK's own rules. The AI SDK keeps one message for that and
 * copies nothing, so the work grows with the number of chunks. It is done in slices, between which
 * the event loop goes on.
 *
 * @param continued The message that the chunks continue. It is not changed.
 * @param id The id of a new message, unless a `start` chunk names it.
 * @throws What the AI SDK throws of chunks that do not fit together.
 */
export async function buildMessage({
  continued,
  id,
  chunks,
}: {
  continued: UIMessage | undefined;
  id: string;
  chunks: Iterable<UIMessageChunk> | AsyncIterable<UIMessageChunk>;
}): Promise<UIMessage> {
  let message: UIMessage | undefined;
  let write: (chunk: UIMessageChunk) => void = () => {};
  const { promise: ended, resolve: end } = createDeferred();
  const stream = createUIMessageStream({
    originalMessages: continued ? [continued] : [],
    generateId: () => id,
    execute({ writer }) {
      write = writer.write;
      return ended;
    },
    onFinish({ responseMessage }) {
      message = responseMessage;
    },
  });
  const reader = stream.getReader();
  try {
    for await (const chunk of chunks) {
      if (endTypes.has(chunk.type)) continue;
      write(chunk);
      // A chunk comes out once it is part of the message, so only one chunk is under way at a time.
      await reader.read();
      await breathe();
    }
  } finally {
    end();
  }
  await reader.read();
  if (!message) throw new Error('The AI SDK has ended the message without handing it over.');
  return message;
}
