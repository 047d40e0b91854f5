// Tasks that a route starts, and a worker on BullMQ runs.
import { createTaskRoute, defineTask, toNodeHandler } from 'ai-task-stream/server';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withServer } from '../helpers/http-server';
import { chunksIn } from '../helpers/sse';
import { createQueues } from './queues';

const queues = createQueues();

afterEach(() => queues.close());

const double = defineTask({
  name: 'double',
  input: z.object({ value: z.number() }),
  execute({ input: { value }, task }) {
    task.partial({ by: process.pid });
    return value * 2;
  },
});

describe.each([5, 6] as const)('with BullMQ %d', (major) => {
  it('runs a task of a route in a worker, and streams it to the page (R-QUEUE-1)', async () => {
    const web = queues.open({ tasks: [double], major });
    const route = createTaskRoute(double, { streamContext: web.context, queue: web.queue });
    const { name, keyPrefix } = web;
    await withServer(toNodeHandler(route), async (origin) => {
      const response = await fetch(origin, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ input: { value: 21 } }),
      });
      expect(response.status).toBe(200);
      const back = queues.open({ tasks: [double], major, name, keyPrefix });
      back.queue.work();
      const chunks = chunksIn(await response.text());
      expect(chunks).toContainEqual(
        expect.objectContaining({
          type: 'data-task-settle',
          data: expect.objectContaining({ status: 'completed', result: 42 }),
        }),
      );
      expect(web.errors).toEqual([]);
      expect(back.errors).toEqual([]);
    });
  });
});
