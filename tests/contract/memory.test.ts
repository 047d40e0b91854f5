import { randomUUID } from 'node:crypto';
import { createMemoryStreamContext, type TaskStreamContext } from 'ai-task-stream/server';
import { testStreamContext } from 'ai-task-stream/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseCursor } from '../../src/protocol/cursor';
import { relativeEnd } from '../helpers/cursors';

testStreamContext(createMemoryStreamContext, { describe, it, name: 'The memory of a process' });

describe('createMemoryStreamContext', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function settleOne(
    context: TaskStreamContext,
    {
      taskId = randomUUID(),
      frames = ['{"type":"start"}'],
      chatId = undefined as string | undefined,
    } = {},
  ): Promise<string> {
    const log = await context.open(taskId, { leaseMs: 1, token: randomUUID(), frames, chatId });
    await log?.settle([], 'completed');
    return taskId;
  }

  const createOwn = (options = {}) =>
    createMemoryStreamContext({ scope: randomUUID(), ...options });

  it('forgets a settled task after one hour, unless told otherwise', async () => {
    const hour = createOwn();
    const second = createOwn({ retentionMs: 1_000 });
    const [first, other] = [await settleOne(hour), await settleOne(second)];
    await vi.advanceTimersByTimeAsync(999);
    expect(await second.inspect(other)).toBeDefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(await second.inspect(other)).toBeUndefined();
    expect(await second.read(other)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(3_600_000 - 1_001);
    expect(await hour.inspect(first)).toBeDefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(await hour.inspect(first)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never forgets a task that is running', async () => {
    const context = createOwn({ retentionMs: 1_000 });
    const taskId = randomUUID();
    await context.open(taskId, { leaseMs: 1, token: randomUUID(), frames: [] });
    await vi.advanceTimersByTimeAsync(1_000_000_000);
    expect(await context.inspect(taskId)).toMatchObject({ status: 'running' });
  });

  it('lets a reader that is under way finish after its log is forgotten', async () => {
    const context = createOwn({ retentionMs: 1_000 });
    const taskId = await settleOne(context, { frames: ['1', '2', '3'] });
    const reader = await context.read(taskId);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await context.read(taskId)).toBeUndefined();
    expect(reader?.take()).toMatchObject({ start: 0, end: 3 });
    expect(reader?.isEnded).toBe(true);
    reader?.close();
  });

  it('tells a reader with a cursor of an epoch that never was, and gives it everything', async () => {
    const context = createOwn();
    const taskId = await settleOne(context, { frames: ['1', '2', '3'] });
    for (const cursor of ['0-0', '1-0', '0-7', '999999999999999-0']) {
      const reader = await context.read(taskId, { cursor: parseCursor(cursor) });
      expect(reader?.isEnded).toBe(false);
      const { epoch, start, data = [] } = reader?.take() ?? {};
      expect(`${epoch}-${start}`).toBe(cursor);
      expect(JSON.parse(data[0] ?? '')).toMatchObject({
        type: 'data-task-error',
        data: { taskId, code: 'gap', details: { cause: 'another-log' } },
      });
      expect(reader?.take()).toMatchObject({ start: 0, end: 3, isReplay: true });
      expect(reader?.isEnded).toBe(true);
      reader?.close();
    }
  });

  it('gives an expired name to a new task, which the sweep then leaves alone', async () => {
    const context = createOwn({ retentionMs: 1_000 });
    const taskId = await settleOne(context);
    // As when the process was too busy for its timers.
    vi.setSystemTime(Date.now() + 5_000);
    const log = await context.open(taskId, { leaseMs: 1, token: randomUUID(), frames: ['1', '2'] });
    expect(log).toBeDefined();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await context.inspect(taskId)).toMatchObject({ status: 'running' });
    expect(await relativeEnd(context, taskId)).toBe('0-1');
    await log?.settle([], 'completed');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await context.inspect(taskId)).toBeUndefined();
  });

  it('forgets settled tasks beyond maxTotalBytes, those first that settled first', async () => {
    const context = createOwn({ maxTotalBytes: 3_500 });
    const frames = ['x'.repeat(968)];
    const running = randomUUID();
    const log = await context.open(running, { leaseMs: 1, token: randomUUID(), frames });
    const settled: string[] = [];
    for (let n = 0; n < 5; n++) settled.push(await settleOne(context, { frames }));
    const known = async (taskId: string) => (await context.inspect(taskId)) !== undefined;
    expect(await Promise.all(settled.map(known))).toEqual([false, false, true, true, true]);
    expect(await known(running)).toBe(true);
    await log?.settle([], 'completed');
    expect(await Promise.all([...settled, running].map(known))).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it('clears the chat of a task that it forgets', async () => {
    const context = createOwn({ maxTotalBytes: 100 });
    const frames = ['x'.repeat(200)];
    await settleOne(context, { frames, chatId: 'chat' });
    await settleOne(context, { frames });
    expect(await context.activeTask('chat')).toBeUndefined();
  });

  it('keeps a cancel that came too early for 60 s', async () => {
    const context = createOwn();
    const [early, late] = [randomUUID(), randomUUID()];
    await context.cancel(early);
    await context.cancel(late);
    await vi.advanceTimersByTimeAsync(59_999);
    const options = { leaseMs: 1, token: randomUUID(), frames: [] };
    expect((await context.open(early, options))?.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect((await context.open(late, options))?.signal.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps a bounded number of early cancels, the newest', async () => {
    const context = createOwn();
    const taskIds = Array.from({ length: 10_001 }, () => randomUUID());
    for (const taskId of taskIds) await context.cancel(taskId);
    const options = { leaseMs: 1, token: randomUUID(), frames: [] };
    const isCancelled = async (taskId = '') =>
      (await context.open(taskId, options))?.signal.aborted;
    expect(await isCancelled(taskIds[0])).toBe(false);
    expect(await isCancelled(taskIds[1])).toBe(true);
    expect(await isCancelled(taskIds.at(-1))).toBe(true);
  });

  it('keeps scopes apart, and shares within one', async () => {
    const scope = randomUUID();
    const taskId = await settleOne(createMemoryStreamContext({ scope }));
    expect(await createMemoryStreamContext({ scope }).inspect(taskId)).toBeDefined();
    expect(await createMemoryStreamContext().inspect(taskId)).toBeUndefined();
  });

  it('shares tasks across copies of the module, as bundlers make them', async () => {
    vi.resetModules();
    const copy = await import('ai-task-stream/server');
    expect(copy.createMemoryStreamContext).not.toBe(createMemoryStreamContext);
    const context = createMemoryStreamContext();
    const other = copy.createMemoryStreamContext();
    const taskId = randomUUID();
    const log = await context.open(taskId, { leaseMs: 1, token: randomUUID(), frames: ['1'] });
    const reader = await other.read(taskId);
    expect(reader?.take()).toMatchObject({ start: 0, end: 1 });
    const following = reader?.next();
    log?.append('2');
    await vi.advanceTimersByTimeAsync(1);
    expect(await following).toMatchObject({ value: { start: 1, end: 2 } });
    expect(await other.cancel(taskId, { reason: 'From the copy.' })).toBe(true);
    expect(log?.signal.reason).toMatchObject({ cause: { message: 'From the copy.' } });
    reader?.close();
    await log?.settle([], 'cancelled');
  });

  it('stays open for others when it is closed', async () => {
    const scope = randomUUID();
    const context = createMemoryStreamContext({ scope });
    const taskId = await settleOne(context);
    await context.close();
    expect(await createMemoryStreamContext({ scope }).inspect(taskId)).toBeDefined();
  });
});

describe('where instances come and go', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  async function openTwice(): Promise<string[]> {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.resetModules();
    const copy = await import('ai-task-stream/server');
    const context = copy.createMemoryStreamContext({ scope: randomUUID() });
    expect(warn).not.toHaveBeenCalled();
    for (let n = 0; n < 2; n++) {
      await context.open(randomUUID(), { leaseMs: 1, token: randomUUID(), frames: [] });
    }
    return warn.mock.calls.map(([message]) => String(message));
  }

  const warning = [expect.stringContaining('Pass a `streamContext` that instances share.')];

  it('memory warns once, when the first task opens', async () => {
    vi.stubEnv('VERCEL', '1');
    expect(await openTwice()).toEqual(warning);
  });

  it('memory warns on AWS Lambda, too', async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'f');
    expect(await openTwice()).toEqual(warning);
  });

  it('memory warns on edge runtimes, too', async () => {
    vi.stubGlobal('EdgeRuntime', 'edge-runtime');
    expect(await openTwice()).toEqual(warning);
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    expect(await openTwice()).toEqual(warning);
  });

  it('only: a server that stays is not warned', async () => {
    vi.stubEnv('VERCEL', undefined);
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', undefined);
    expect(await openTwice()).toEqual([]);
  });
});
