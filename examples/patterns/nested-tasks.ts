import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

/** Tasks within a task: each has a name, progress, a log and an outcome of its own on the page. */
export const compareOffers = defineTask({
  name: 'compare-offers',
  input: z.object({ item: z.string(), shops: z.array(z.string()).min(1) }),
  execute: async ({ input: { item, shops }, task }) => {
    const offers = await Promise.allSettled(
      shops.map((shop) =>
        task.run({
          name: shop,
          execute: ({ task: search, signal }) => {
            search.log(`Looking for ${item}`);
            return askShop(shop, item, signal);
          },
        }),
      ),
    );
    // A nested task that fails shows as failed; whether that matters is up to the task around it.
    const prices = offers.flatMap((offer) => (offer.status === 'fulfilled' ? offer.value : []));
    task.log(`${prices.length} of ${shops.length} shops have it.`);
    return { lowest: prices.length > 0 ? Math.min(...prices) : undefined };
  },
});

export const { POST, GET, DELETE } = createTaskRoute(compareOffers);

/** Stands for a request to the shop, which the signal of the nested task stops. */
async function askShop(shop: string, item: string, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  if (shop.endsWith('-closed')) throw new Error(`${shop} does not answer.`);
  return shop.length * item.length;
}
