import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { z } from 'zod';

const concurrency = 20;

/** Many items, of which some may fail: a partial result for each, and a summary as the result. */
export const sendInvitations = defineTask({
  name: 'send-invitations',
  input: z.object({ addresses: z.array(z.string()).max(10_000) }),
  execute: async ({ input: { addresses }, task, signal }) => {
    const failed: string[] = [];
    let done = 0;
    // The workers share one iterator, so that a worker which is free takes the next item.
    const queue = addresses.values();
    const work = async () => {
      for (const address of queue) {
        signal.throwIfAborted();
        const error = await send(address).then(() => undefined, String);
        if (error !== undefined) failed.push(address);
        task.partial({ address, error });
        done += 1;
        task.progress({ value: done, total: addresses.length, message: address });
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    if (failed.length > 0) {
      task.log({ level: 'warning', message: `${failed.length} could not be sent.` });
    }
    return { sent: done - failed.length, failed };
  },
});

export const { POST, GET, DELETE } = createTaskRoute(sendInvitations);

/** Stands for your mailer. */
async function send(address: string): Promise<void> {
  if (!address.includes('@')) throw new Error(`${address} is not an address.`);
}
