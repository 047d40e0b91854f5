import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

const deadlineMs = 60_000;
const warningMs = 10_000;

/** Work with a deadline: a warning comes before it, and what was found until then is not lost. */
export const searchProof = defineTask({
  name: 'search-proof',
  input: z.object({ attempts: z.number().int().positive() }),
  // After this time, `signal` aborts with a `TimeoutError`, and the task fails with `timeout`.
  deadlineMs,
  execute: async ({ input: { attempts }, task, signal }) => {
    const warning = setTimeout(() => {
      const message = `${warningMs / 1_000} seconds are left.`;
      task.log({ level: 'warning', message });
    }, deadlineMs - warningMs);
    try {
      for (let attempt = 1; attempt <= attempts; attempt++) {
        task.partial(await tryOnce(attempt, signal));
      }
      return { attempts };
    } finally {
      clearTimeout(warning);
    }
  },
});

export const { POST, GET, DELETE } = createTaskRoute(searchProof);

/** Stands for your slow work. Give it the signal, so that it stops at the deadline. */
function tryOnce(attempt: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 25_000, `Attempt ${attempt} found nothing.`);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
