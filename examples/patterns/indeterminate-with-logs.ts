import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

/** Work whose end nobody knows: a count without a total, and a log that tells what happens. */
export const checkLinks = defineTask({
  name: 'check-links',
  input: z.object({ start: z.string() }),
  execute: async ({ input: { start }, task, signal }) => {
    const found = new Set([start]);
    let broken = 0;
    // The loop also reaches pages that are added to the set while it runs.
    for (const page of found) {
      signal.throwIfAborted();
      const links = await linksOf(page);
      if (links) {
        task.log(`${page} links to ${links.length} pages`);
        for (const link of links) found.add(link);
      } else {
        broken += 1;
        task.log({ level: 'warning', message: `${page} is missing` });
      }
      // Without `total` the page shows a count, and no bar, which would only be a guess.
      task.progress({ value: found.size, message: page });
    }
    return { pages: found.size, broken };
  },
});

export const { POST, GET, DELETE } = createTaskRoute(checkLinks);

/** Stands for fetching a page. */
async function linksOf(page: string): Promise<string[] | undefined> {
  const site: Record<string, string[]> = { '/': ['/a', '/b'], '/a': ['/b', '/gone'], '/b': [] };
  return site[page];
}
