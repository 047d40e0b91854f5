// A task in memory that is attempted again, seen through the port.
import {
  type AttemptStart,
  createMemoryStreamContext,
  type OpenTaskOptions,
  type StoredWork,
  type TaskReader,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { afterEach, expect, it, vi } from 'vitest';
import { formatCursor, parseCursor } from '../../src/protocol/cursor';

const taskId = 'attempts-in-memory';
const snapshot = { taskId, status: 'running', createdAt: 1, updatedAt: 1 } as const;
const beginning: AttemptStart = { index: -1, logs: 0, partials: 0, snapshot, nested: [] };
const work: StoredWork = {
  ...{ input: '"in"', version: 2, runner: 'any' },
  ...{ attempts: 2, maxTotal: 5, maxWaitMs: 60_000 },
};
const runner = { runner: 'any', definition: 'story', version: 2, leaseMs: 1_000 };

const text = (delta: string) => JSON.stringify({ type: 'text-delta', id: 't', delta });
const checkpointFrame = (index: number) =>
  JSON.stringify({ type: 'data-task-checkpoint', data: { taskId, index }, transient: true });

async function open(options: Partial<OpenTaskOptions> = {}, given: Partial<StoredWork> = {}) {
  const context = createMemoryStreamContext({ scope: crypto.randomUUID() });
  const log = await context.open(taskId, {
    ...{ token: 'first', leaseMs: 1_000, definition: 'story', start: beginning },
    frames: ['{"type":"start"}', JSON.stringify({ type: 'data-task', id: taskId, data: snapshot })],
    work: { ...work, ...given },
    ...options,
  });
  if (!log?.handOver || !log.checkpoint) throw new Error('The log cannot be handed over.');
  return { context, log: { ...log, handOver: log.handOver, checkpoint: log.checkpoint } };
}

async function take(
  context: TaskStreamContext,
  token: string,
  options: Partial<typeof runner> = {},
) {
  return await context.take?.(taskId, { ...runner, ...options, token });
}

/** What a reader gives at once: the type of each frame, or its text. */
function takeAll(reader: TaskReader | undefined): string[] {
  const taken: string[] = [];
  for (let range = reader?.take(); range; range = reader?.take()) {
    for (let n = range.start; n < range.end; n++) {
      const { type, delta = type } = JSON.parse(range.data[n - range.offset] ?? '');
      taken.push(delta);
    }
  }
  return taken;
}

afterEach(() => {
  vi.useRealTimers();
});

it('goes on at the checkpoint, without what came after it (R-ATTEMPT-1, R-ATTEMPT-3, R-ATTEMPT-4, R-ATTEMPT-5)', async () => {
  const { context, log } = await open();
  log.append(text('one'));
  const start = { ...beginning, index: 0, value: '{"step":1}', logs: 3, partials: 2 };
  expect(await log.checkpoint(checkpointFrame(0), start)).toBe(true);
  const early = await context.read(taskId);
  const before = takeAll(early);
  log.append(text('void'));
  const late = await context.read(taskId);
  expect(takeAll(late)).toContain('void');
  const cursor = parseCursor((await context.inspect(taskId))?.cursor ?? '');
  expect(await log.handOver()).toBe('waiting');

  const taken = await take(context, 'second');
  expect(taken).toMatchObject({ work, start, log: { attempt: 2 } });
  expect([late?.isEnded, late?.isCut, takeAll(late)]).toEqual([true, true, []]);
  taken?.log.append(text('two'));
  const next = ['data-task-rewind', 'data-task', 'two'];
  expect([early?.isEnded, takeAll(early)]).toEqual([false, next]);
  expect(before).toEqual(['start', 'data-task', 'one', 'data-task-checkpoint']);
  expect(takeAll(await context.read(taskId))).toEqual([...before, ...next]);
  expect(takeAll(await context.read(taskId, { ...(cursor && { cursor }) }))).toEqual(next);
  const rest = await context.read(taskId, { ...(taken && { cursor: taken.last }) });
  expect(takeAll(rest)).toEqual(next);
});

it('begins anew behind the start where there is no checkpoint, and ends what ran within it (R-ATTEMPT-2, R-ATTEMPT-6)', async () => {
  const nested = [{ ...snapshot, taskId: 'child-0123456789ab', parentTaskId: taskId }];
  const { context, log } = await open({ start: { ...beginning, nested } });
  log.append(text('void'));
  await log.handOver();
  const taken = await take(context, 'second');
  await taken?.log.settle(['{"type":"finish"}'], 'completed');
  const ends = ['data-task', 'data-task-error', 'data-task-settle'];
  const all = ['start', 'data-task-rewind', 'data-task', ...ends, 'finish'];
  expect(takeAll(await context.read(taskId))).toEqual(all);
});

it('is taken by one runner, of its kind, definition and version (R-ATTEMPT-7)', async () => {
  const { context, log } = await open();
  expect(await take(context, 'second')).toBeUndefined();
  await log.handOver();
  for (const other of [{ runner: 'queue:q' }, { definition: 'other' }, { version: 1 }]) {
    expect(await take(context, 'second', other)).toBeUndefined();
  }
  const contenders = Array.from({ length: 200 }, (_, n) => take(context, `contender-${n}`));
  const taken = await Promise.all(contenders);
  const winner = taken.findIndex((one) => one !== undefined);
  expect(taken.filter((one) => one !== undefined)).toHaveLength(1);
  const cursor = (await context.inspect(taskId))?.cursor;
  expect((await take(context, `contender-${winner}`))?.log.attempt).toBe(2);
  expect(await context.inspect(taskId)).toMatchObject({ cursor, attempt: 2, status: 'running' });
});

it('gives a runner that handed it over nothing more to do (R-ATTEMPT-8)', async () => {
  const { context, log } = await open();
  await log.handOver();
  const { cursor } = (await context.inspect(taskId)) ?? {};
  const touch = async () => {
    log.append(text('late'));
    expect(await log.checkpoint(checkpointFrame(0), beginning)).toBe(false);
    expect(await log.handOver()).toBe('closed');
    expect(await log.settle(['{"type":"finish"}'], 'completed')).toBe(false);
  };
  await touch();
  expect((await context.inspect(taskId))?.cursor).toBe(cursor);
  const taken = await take(context, 'second');
  const after = (await context.inspect(taskId))?.cursor;
  await touch();
  await log.release();
  expect((await context.inspect(taskId))?.cursor).toBe(after);
  expect(await taken?.log.settle(['{"type":"finish"}'], 'completed')).toBe(true);
  expect(await log.settle([], 'failed')).toBe(false);
});

it('is attempted as often as it may be, counted anew at each checkpoint (R-ATTEMPT-9)', async () => {
  const { context, log } = await open({}, { attempts: 2, maxTotal: 4 });
  expect(await log.handOver()).toBe('waiting');
  const second = await take(context, 'second');
  expect(await second?.log.handOver?.()).toBe('refused');
  await second?.log.checkpoint?.(checkpointFrame(0), { ...beginning, index: 0, value: '1' });
  expect(await second?.log.handOver?.()).toBe('waiting');
  const third = await take(context, 'third');
  expect(await third?.log.handOver?.()).toBe('waiting');
  const fourth = await take(context, 'fourth');
  expect(fourth?.start).toMatchObject({ index: 0, value: '1' });
  await fourth?.log.checkpoint?.(checkpointFrame(1), { ...beginning, index: 1, value: '2' });
  expect(await fourth?.log.handOver?.()).toBe('refused');
});

it('costs nothing to hand over when the process has to go, ten times in a row (R-ATTEMPT-9)', async () => {
  const { context, log } = await open({}, { attempts: 2, maxTotal: 100 });
  let runs = { handOver: log.handOver };
  for (let count = 0; count < 10; count++) {
    expect(await runs.handOver({ isFree: true })).toBe('waiting');
    const taken = await take(context, `runner-${count}`);
    if (!taken?.log.handOver) throw new Error('The task was not taken.');
    runs = { handOver: taken.log.handOver };
  }
  expect(await runs.handOver({ isFree: true })).toBe('waiting');
  const last = await take(context, 'last');
  expect(await last?.log.handOver?.({ isFree: true })).toBe('refused');
});

it('waits for its first runner, put off, and is then its own first attempt (R-ATTEMPT-10, R-ATTEMPT-11)', async () => {
  vi.useFakeTimers();
  const { context, log } = await open({ waits: { delayMs: 48 * 3_600_000 }, chatId: 'chat' });
  log.append(text('nothing'));
  const reader = await context.read(taskId);
  expect([reader?.isWaiting, reader?.isAlive]).toEqual([true, true]);
  expect(takeAll(reader)).toEqual(['start', 'data-task']);
  const waiting = { status: 'pending', isWaiting: true, attempt: 0 };
  expect(await context.inspect(taskId)).toMatchObject(waiting);
  vi.advanceTimersByTime(48 * 3_600_000 - 1);
  expect(await take(context, 'early')).toBeUndefined();
  vi.advanceTimersByTime(1);
  expect(await context.activeTask('chat')).toBe(taskId);
  const taken = await take(context, 'first');
  expect(taken).toMatchObject({ log: { attempt: 1 }, work: { input: '"in"' } });
  expect(reader?.isWaiting).toBe(false);
  // Nothing is void, so whoever has followed it from its opening on goes on.
  expect(takeAll(reader)).toEqual(['data-task-rewind', 'data-task']);
  const frames = takeAll(await context.read(taskId));
  expect(frames).toEqual(['start', 'data-task', 'data-task-rewind', 'data-task']);
});

it('is closed at once by a cancel while it waits (R-ATTEMPT-12)', async () => {
  const { context, log } = await open({ savesOutcome: true, chatId: 'chat' });
  log.append('{"type":"text-start","id":"t"}');
  await log.handOver({ delayMs: 60_000 });
  expect(await context.cancel(taskId, { reason: 'Enough' })).toBe(true);
  expect(await context.inspect(taskId)).toMatchObject({ status: 'cancelled', isUnsaved: true });
  const frames = takeAll(await context.read(taskId)).slice(2);
  expect(frames).toEqual(['text-start', 'text-end', 'data-task', 'data-task-settle', 'abort']);
  expect(await context.cancel(taskId)).toBe(false);
  expect(await context.activeTask('chat')).toBe(taskId);
  const claiming = await context.claimOutcome?.(taskId);
  if (claiming?.kind === 'claimed') await claiming.claim.release({ isSaved: true });
  expect(await context.activeTask('chat')).toBeUndefined();
});

it('is closed when its deadline or its time to wait is over (R-ATTEMPT-12)', async () => {
  vi.useFakeTimers();
  const timed = await open({}, { deadlineMs: 5_000 });
  vi.advanceTimersByTime(3_000);
  await timed.log.handOver();
  const taken = await take(timed.context, 'second');
  expect(taken?.deadlineLeftMs).toBe(2_000);
  await taken?.log.checkpoint?.(checkpointFrame(0), { ...beginning, index: 0 });
  await taken?.log.handOver?.();
  vi.advanceTimersByTime(2_000);
  const reader = await timed.context.read(taskId);
  expect(takeAll(reader)).toContain('error');
  expect((await timed.context.inspect(taskId))?.status).toBe('failed');

  const { context, log } = await open({ retentionMs: 1 } as object, { maxWaitMs: 60_000 });
  await log.handOver({ delayMs: 10_000 });
  vi.advanceTimersByTime(69_999);
  expect((await context.inspect(taskId))?.status).toBe('pending');
  vi.advanceTimersByTime(1);
  expect(await take(context, 'late')).toBeUndefined();
  expect((await context.inspect(taskId))?.status).toBe('failed');
});

it('names frames by cursors of one form through all attempts', async () => {
  const { context, log } = await open();
  const first = parseCursor((await context.inspect(taskId))?.cursor ?? '');
  await log.handOver();
  await take(context, 'second');
  const epoch = (first?.epoch ?? 0) + 1;
  expect((await context.inspect(taskId))?.cursor).toBe(formatCursor(epoch, 1));
});
