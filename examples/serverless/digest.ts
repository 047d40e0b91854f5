import { setTimeout as pause } from 'node:timers/promises';
import { defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

/** How long an invocation may last, in milliseconds, if this process knows it. */
const maxRunMs = process.env.MAX_RUN_MS ? Number(process.env.MAX_RUN_MS) : undefined;

/** A process that was killed is found within three times this, in milliseconds. */
export const heartbeatMs = 1_000;

/** Work that takes longer than any invocation, in items that do not. */
export const digest = defineTask({
  name: 'digest',
  input: z.object({
    items: z.number().int().positive(),
    /** How long an item takes, in milliseconds. */
    itemMs: z.number().nonnegative(),
  }),
  checkpoint: z.number(),
  // Tasks that are killed three times within one item are given up.
  retry: { attempts: 3 },
  ...(maxRunMs !== undefined && { maxRunMs }),
  // How long an item that is under way may take to notice that its invocation ends.
  graceMs: 200,
  heartbeatMs,
  async execute({ input: { items, itemMs }, task, signal }) {
    for (let item = task.lastCheckpoint ?? 0; item < items; item++) {
      await pause(itemMs, undefined, { signal });
      task.partial(item);
      task.progress({ value: item + 1, total: items });
      await task.checkpoint(item + 1);
    }
    return { items };
  },
});
