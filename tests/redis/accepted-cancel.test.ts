import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UIMessageChunk } from 'ai';
import type { TaskSettlement } from 'ai-task-stream';
import { afterEach, expect, it } from 'vitest';
import { fc } from '../helpers/fast-check';
import { createRedisInstances } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId, readLog, startOwnTask } from '../helpers/tasks';

const url = sharedRedisUrl();
const instances = createRedisInstances();

afterEach(() => instances.close());

/** The instance where tasks run, and another. */
function openTwo() {
  const { context: here, keyPrefix } = instances.open({ url });
  const { context: elsewhere } = instances.open({ url, keyPrefix });
  return { here, elsewhere };
}

// R-ORDER-6
it('settles as cancelled whatever was cancelled with success, however close that is to its end', async () => {
  const { here, elsewhere } = openTwo();
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          workMs: fc.integer({ min: 0, max: 8 }),
          askedMs: fc.integer({ min: 0, max: 8 }),
          fails: fc.boolean(),
          chunks: fc.integer({ min: 0, max: 3 }),
        }),
        { minLength: 8, maxLength: 8 },
      ),
      async (plans) => {
        const ends = await Promise.all(
          plans.map(async ({ workMs, askedMs, fails, chunks }) => {
            const { task } = startOwnTask({
              streamContext: here,
              execute: async ({ writer }) => {
                await sleep(workMs);
                for (let n = 0; n < chunks; n++) writer.write({ type: 'data-n', data: n });
                if (fails) throw new Error('No.');
                return 'done';
              },
            });
            const response = await task.toResponse();
            await sleep(askedMs);
            const isAccepted = await elsewhere.cancel(task.taskId, { reason: 'Enough.' });
            const told = await task.consume();
            await response.text();
            const log = await readLog(elsewhere, task.taskId);
            const settled = log
              .map((frame) => JSON.parse(frame) as UIMessageChunk)
              .filter(({ type }) => type === 'data-task-settle') as { data: TaskSettlement }[];
            const record = await elsewhere.inspect(task.taskId);
            return { isAccepted, told, settled, record };
          }),
        );
        for (const { isAccepted, told, settled, record } of ends) {
          expect(settled).toHaveLength(1);
          expect(settled[0]?.data.status).toBe(told.status);
          expect(record?.status).toBe(told.status);
          expect(told.status === 'cancelled').toBe(isAccepted);
          if (isAccepted) expect(told.error?.message).toBe('Enough.');
          outcomes.add(told.status);
        }
      },
    ),
    { numRuns: 30, seed: 109 },
  );
  expect(outcomes.size).toBeGreaterThan(1);
});

// R-ORDER-6
it('stores no other outcome once a cancel was accepted, except one that came before', async () => {
  const { here, elsewhere } = openTwo();
  const frame = (type: string) => JSON.stringify({ type });
  for (const evenIfCancelled of [false, true]) {
    const taskId = createId();
    const log = await here.open(taskId, {
      leaseMs: 10_000,
      token: randomUUID(),
      frames: [frame('start')],
    });
    if (!log) throw new Error('The task exists already.');
    log.append(frame('data-before'));
    expect(await elsewhere.cancel(taskId, { reason: 'Enough.' })).toBe(true);
    const answer = await log.settle([frame('data-last'), frame('finish')], 'completed', {
      evenIfCancelled,
    });
    expect(answer).toBe(evenIfCancelled ? true : 'cancelled');
    if (!evenIfCancelled) {
      expect(log.signal.reason).toMatchObject({ cause: { code: 'cancelled', message: 'Enough.' } });
      expect(await log.settle([frame('abort')], 'cancelled')).toBe(true);
    }
    await log.release();
    const ends = evenIfCancelled ? [frame('data-last'), frame('finish')] : [frame('abort')];
    for (const context of [here, elsewhere]) {
      const read = await readLog(context, taskId);
      expect(read).toEqual([frame('start'), frame('data-before'), ...ends]);
    }
    expect(await elsewhere.cancel(taskId)).toBe(false);
  }
});
