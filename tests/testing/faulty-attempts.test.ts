// Tasks that may be attempted again, on a context with faults.
import type { AttemptStart } from 'ai-task-stream/server';
import { createFaultyStreamContext, type StreamContextFault } from 'ai-task-stream/testing';
import { expect, it } from 'vitest';
import { aborted } from '../helpers/async';
import { createId, createOwnContext, readLog } from '../helpers/tasks';

const leaseMs = 20;
const runner = { runner: 'any', definition: 'story', version: 1, leaseMs };

async function openOn(schedule: readonly StreamContextFault[], attempts = 2) {
  const taskId = createId();
  const snapshot = { taskId, status: 'running', createdAt: 1, updatedAt: 1 } as const;
  const start: AttemptStart = { index: -1, logs: 0, partials: 0, snapshot, nested: [] };
  const frames = [
    '{"type":"start"}',
    JSON.stringify({ type: 'data-task', id: taskId, data: snapshot }),
  ];
  const context = createFaultyStreamContext(createOwnContext(), schedule);
  const log = await context.open(taskId, {
    ...{ token: createId(), leaseMs, definition: 'story', frames, start },
    work: { version: 1, runner: 'any', attempts, maxTotal: 9, maxWaitMs: 60_000 },
  });
  if (!log) throw new Error('The task was not opened.');
  const take = (token = createId()) => context.take?.(taskId, { ...runner, token });
  return { context, taskId, log, start, take };
}

const frame = '{"type":"data-note","data":1}';
const checkpoint = '{"type":"data-note","data":"checkpoint"}';

it('lets a task wait whose producer is gone, and closes it once it has no attempts left', async () => {
  const { context, taskId, log, take } = await openOn([
    { fault: 'kill', at: 1 },
    { fault: 'kill', at: 2 },
  ]);
  log.append(frame);
  await aborted(log.signal);
  expect(await context.inspect(taskId)).toMatchObject({ isWaiting: true, status: 'pending' });
  const reader = await context.read(taskId);
  expect(reader).toMatchObject({ isWaiting: true, isAlive: true });
  reader?.close();
  const taken = await take();
  expect(taken?.log.attempt).toBe(2);
  taken?.log.append(frame);
  expect(await taken?.log.settle([], 'completed')).toBe(false);
  const types = (await readLog(context, taskId)).map((data) => JSON.parse(data).type);
  expect(types).toEqual([
    ...['start', 'data-task-rewind', 'data-task', 'data-task', 'data-task-error'],
    ...['data-task-settle', 'error'],
  ]);
  expect((await context.inspect(taskId))?.status).toBe('failed');
});

it('loses answers of a take, a checkpoint and a hand-over', async () => {
  const { log, start, take } = await openOn([
    { fault: 'lost-answer', call: 'checkpoint', at: 1 },
    { fault: 'lost-answer', call: 'handOver', at: 1 },
    { fault: 'lost-answer', call: 'take', at: 1 },
  ]);
  expect(await log.checkpoint?.(checkpoint, { ...start, index: 0, value: '1' })).toBe(false);
  expect(await log.handOver?.()).toBe('refused');
  const token = createId();
  await expect(take(token)).rejects.toMatchObject({ code: 'context-unavailable' });
  const taken = await take(token);
  // The storage has done each of the three.
  expect(taken).toMatchObject({ log: { attempt: 2 }, start: { index: 0, value: '1' } });
  expect(await taken?.log.settle([], 'completed')).toBe(true);
});

it('lets a task wait again that was taken by a call whose answer got lost', async () => {
  const { log, take, context, taskId } = await openOn(
    [{ fault: 'lost-answer', call: 'take', at: 1 }],
    3,
  );
  await log.handOver?.();
  await expect(take()).rejects.toMatchObject({ code: 'context-unavailable' });
  expect((await context.inspect(taskId))?.status).toBe('running');
  await expect.poll(() => context.inspect(taskId)).toMatchObject({ isWaiting: true });
  expect((await take())?.log.attempt).toBe(3);
});
