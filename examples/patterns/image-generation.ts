import { APICallError, generateImage, type ImageModel } from 'ai';
import { TaskError } from 'ai-task-stream';
import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

/** One slow call. `export const { POST, GET, DELETE } = createImageRoute(openai.image('…'))` */
export function createImageRoute(model: ImageModel) {
  const drawImage = defineTask({
    name: 'draw-image',
    input: z.object({ prompt: z.string().min(1) }),
    execute: async ({ input: { prompt }, writer, signal }) => {
      const drawn = await generateImage({ model, prompt, abortSignal: signal }).catch(explain);
      const { mediaType, base64 } = drawn.image;
      // Every reader of the task gets this part. Put large images into a bucket, and send the address.
      writer.write({ type: 'file', mediaType, url: `data:${mediaType};base64,${base64}` });
      return { mediaType, bytes: drawn.image.uint8Array.byteLength };
    },
  });
  return createTaskRoute(drawImage);
}

/** A `TaskError` reaches the page as it is thrown; all other errors are masked. */
function explain(error: unknown): never {
  if (APICallError.isInstance(error) && error.statusCode === 400) {
    throw new TaskError({
      code: 'prompt-refused',
      message: 'The model does not draw this. Try other words.',
      cause: error,
    });
  }
  throw error;
}
