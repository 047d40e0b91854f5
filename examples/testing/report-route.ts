import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

/** The subject of the tests: a task, and the route that serves the task to its owner. */
export const report = defineTask({
  name: 'report',
  input: z.object({ topic: z.string().min(1), sections: z.number().int().max(20) }),
  steps: { outline: 10, write: 90 },
  deadlineMs: 60_000,
  execute: async ({ input: { topic, sections }, task, writer, signal }) => {
    await task.step('outline', () => task.log(`About ${topic}`));
    writer.write({ type: 'text-start', id: 'text' });
    await task.step('write', async ({ progress }) => {
      for (let section = 1; section <= sections; section++) {
        signal.throwIfAborted();
        writer.write({ type: 'text-delta', id: 'text', delta: await writeSection(section) });
        progress({ value: section, total: sections });
      }
    });
    return { sections };
  },
});

export const { POST, GET, DELETE } = createTaskRoute(report, {
  owner: (request) => request.headers.get('x-user') ?? 'nobody',
});

/** Stands for a language model, which takes a second for each section. */
async function writeSection(section: number): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return `Section ${section}. `;
}
