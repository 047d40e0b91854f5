import { tool } from 'ai';
import { z } from 'zod';
import type { BookingService } from './bookings';

/**
 * What the agents can do. No booking may be made twice, so each call names its idempotency key.
 *
 * @param keyOfStep The key of the step that runs: the same in each attempt at that step.
 */
export function createTravelTools(service: BookingService, keyOfStep: () => string) {
  return {
    book: tool({
      description: 'Books a train, a hotel, a table in a restaurant, or a taxi.',
      inputSchema: z.object({
        what: z.enum(['train', 'hotel', 'table', 'taxi']),
        to: z.string(),
      }),
      execute: async ({ what, to }) => ({
        // One step may book several things, so what is booked belongs to the key, too.
        code: await service.book(`${what}, ${to}`, `${keyOfStep()}:${what}`),
      }),
    }),
  };
}
