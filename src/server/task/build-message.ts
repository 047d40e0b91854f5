import { createUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai';
import { createDeferred } from '../time/deferred';
import { breathe } from '../time/slices';

/** These end a stream; a message has no part of them. */
const endTypes = new Set(['error', 'abort']);

/**
 * Builds a message by the AI SDK's own rules: what it was, and what chunks make of it. The AI SDK
 * keeps one message for that and copies nothing, so the work grows with the number of chunks. It
 * is done in slices, between which the event loop goes on.
 *
 * @param continued The message that the chunks go on with. It is not touched.
 * @param id What a new message is called, unless a `start` names it.
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
      // Each chunk comes out once it is part of the message; so no two are under way at a time.
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
