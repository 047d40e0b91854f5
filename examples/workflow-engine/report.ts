import { defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

/** Work that goes on from its last page, whichever process makes the step. */
export const report = defineTask({
  name: 'report',
  input: z.object({ pages: z.number().int().positive() }),
  partial: z.string(),
  checkpoint: z.number(),
  retry: {},
  async execute({ input: { pages }, task, signal }) {
    for (let page = task.lastCheckpoint ?? 0; page < pages; page++) {
      signal.throwIfAborted();
      await writePage();
      task.partial(`Page ${page + 1}`);
      task.progress({ value: page + 1, total: pages });
      await task.checkpoint(page + 1);
    }
    return { pages };
  },
});

/** Stands for a model that writes. */
function writePage(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 200));
}
