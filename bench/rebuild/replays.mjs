import { createUIMessageStream, createUIMessageStreamResponse } from 'ai';
import { resumeTask, streamTask } from 'ai-task-stream/server';

/**
 * One answer of `count` text deltas, as it comes after a reload: as this package replays it, and as
 * the AI SDK's recipe for resuming streams does, chunk by chunk.
 */
export async function createReplays(count) {
  const deltas = Array.from({ length: count }, (_, index) => `word ${index} `);
  const write = (writer) => {
    writer.write({ type: 'text-start', id: 'text' });
    for (const delta of deltas) writer.write({ type: 'text-delta', id: 'text', delta });
    writer.write({ type: 'text-end', id: 'text' });
  };
  const task = streamTask({ execute: ({ writer }) => write(writer) });
  await task.consume();
  const stock = createUIMessageStream({ execute: ({ writer }) => write(writer) });
  return {
    text: deltas.join(''),
    replays: [
      {
        name: 'ai-task-stream, compacted replay',
        taskId: task.taskId,
        body: await bodyOf(resumeTask({ taskId: task.taskId }).toResponse()),
      },
      {
        name: 'AI SDK 7, stock replay',
        body: await bodyOf(createUIMessageStreamResponse({ stream: stock })),
      },
    ],
  };
}

async function bodyOf(response) {
  return new Uint8Array(await (await response).arrayBuffer());
}
