import { randomUUID } from 'node:crypto';
import type { UIMessageChunk } from 'ai';
import type { TaskSettlement } from 'ai-task-stream';
import { afterEach, expect, it, vi } from 'vitest';
import { createRedisInstances } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId, readToEnd } from '../helpers/tasks';

const url = sharedRedisUrl();
const instances = createRedisInstances();
const hourMs = 3_600_000;

afterEach(async () => {
  vi.useRealTimers();
  await instances.close();
});

// R-PART-4
it.each([
  ['behind', -hourMs],
  ['ahead', hourMs],
])(
  'measures how long a lost task ran by one clock, where its process was an hour %s',
  async (_where, byMs) => {
    const { context: here, keyPrefix } = instances.open({ url });
    const { context: elsewhere } = instances.open({ url, keyPrefix });
    const taskId = createId();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + byMs });
    const createdAt = Date.now();
    const data = { taskId, status: 'running', createdAt, updatedAt: createdAt };
    await here.open(taskId, {
      leaseMs: 400,
      token: randomUUID(),
      frames: ['{"type":"start"}', JSON.stringify({ type: 'data-task', id: taskId, data })],
    });
    vi.useRealTimers();
    // As if its process were gone: nothing is settled.
    await here.close();
    const reader = await elsewhere.read(taskId);
    if (!reader) throw new Error('There is no such task.');
    const chunks = (await readToEnd(reader)).map((frame) => JSON.parse(frame) as UIMessageChunk);
    const settle = chunks.find(({ type }) => type === 'data-task-settle') as {
      data: TaskSettlement;
    };
    const { durationMs, settledAt } = settle.data;
    expect(durationMs).toBeGreaterThanOrEqual(400);
    expect(durationMs).toBeLessThan(hourMs);
    expect(settledAt).toBe(createdAt + durationMs);
  },
);
