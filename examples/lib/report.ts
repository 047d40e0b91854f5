import { defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

/** The task that the examples serve: it writes pages, one after the other. */
export const report = defineTask({
  name: 'report',
  input: z.object({
    pages: z.number().int().positive().default(10),
    /** How long a page takes, in milliseconds. */
    pageMs: z.number().nonnegative().default(500),
    /** Characters of a page. */
    pageLength: z.number().int().positive().default(100),
  }),
  execute: async ({ input: { pages, pageMs, pageLength }, task, signal }) => {
    for (let page = 1; page <= pages; page++) {
      await pause(pageMs, signal);
      task.partial(`${page} `.padEnd(pageLength, '.'));
      task.progress({ value: page, total: pages });
    }
    return { pages };
  },
});

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
