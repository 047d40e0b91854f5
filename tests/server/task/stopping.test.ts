import { TaskError } from 'ai-task-stream';
import { cancelTask } from 'ai-task-stream/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aborted, turns } from '../../helpers/async';
import { useFakeTimers } from '../../helpers/fake-timers';
import { storedChunksIn, typesIn } from '../../helpers/sse';
import { createId, createOwnContext, runToText, startOwnTask } from '../../helpers/tasks';

afterEach(() => {
  vi.useRealTimers();
});

/** The timer that drops a log after its retention. */
const sweepTimers = 1;

describe('a cancel', () => {
  it('aborts the signal with an AbortError whose cause is a TaskError', async () => {
    const reasons: unknown[] = [];
    const { task } = startOwnTask({
      execute: async ({ signal }) => {
        await aborted(signal);
        reasons.push(signal.reason);
      },
    });
    await task.cancel('Enough.');
    await task.consume();
    const [reason] = reasons as [DOMException];
    expect(reason).toBeInstanceOf(DOMException);
    expect(reason.name).toBe('AbortError');
    expect(TaskError.isInstance(reason.cause)).toBe(true);
    expect(reason.cause).toMatchObject({ code: 'cancelled', message: 'Enough.' });
  });

  it.each([
    [
      'a TaskError',
      () => {
        throw new TaskError({ code: 'mine', message: 'No.' });
      },
      1,
    ],
    [
      'another error',
      () => {
        throw new Error('No.');
      },
      1,
    ],
    ['the reason itself', (signal: AbortSignal) => signal.throwIfAborted(), 0],
    ['nothing, and returns', () => 'a result', 0],
  ])('outranks execute, which then throws %s', async (_what, then, reportedCount) => {
    const { task, reported } = startOwnTask({
      execute: async ({ signal }) => {
        await aborted(signal);
        return then(signal);
      },
    });
    await task.cancel();
    expect(await task.consume()).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled', message: 'The task was cancelled.', retryable: true },
    });
    expect(reported).toHaveLength(reportedCount);
  });

  it('settles after the grace, even if execute never returns', async () => {
    useFakeTimers();
    const onSettle = vi.fn();
    const { task } = startOwnTask({ onSettle, execute: () => new Promise(() => {}) });
    await turns();
    expect(await task.cancel()).toBe(true);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(onSettle).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await expect(task.consume()).resolves.toMatchObject({ status: 'cancelled' });
    expect(onSettle).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(sweepTimers);
  });

  it('keeps its first reason, and is refused once the task is over', async () => {
    const { task } = startOwnTask({ execute: ({ signal }) => aborted(signal) });
    expect(await task.cancel('first')).toBe(true);
    await task.cancel('second');
    expect((await task.consume()).error?.message).toBe('first');
    expect(await task.cancel('third')).toBe(false);
  });

  it('that came before the task ends it at once, and execute does not run', async () => {
    const streamContext = createOwnContext();
    const taskId = createId();
    const execute = vi.fn();
    expect(await cancelTask({ taskId, streamContext, reason: 'Too late.' })).toBe(true);
    const { text } = await runToText({ taskId, streamContext, execute });
    expect(execute).not.toHaveBeenCalled();
    expect(typesIn(text)).toEqual(['start', 'data-task', 'data-task', 'data-task-settle', 'abort']);
    expect(storedChunksIn(text).at(-1)).toEqual({ type: 'abort', reason: 'Too late.' });
  });

  it('by chat reaches the active task of that chat and owner only', async () => {
    const streamContext = createOwnContext();
    const options = { chatId: 'chat', streamContext };
    const { task } = startOwnTask({
      ...options,
      owner: 'me',
      execute: ({ signal }) => aborted(signal),
    });
    await turns();
    expect(await cancelTask({ ...options, owner: 'you' })).toBe(false);
    expect(await cancelTask({ ...options, chatId: 'other', owner: 'me' })).toBe(false);
    expect(await cancelTask({ ...options, owner: 'me', reason: 'Stop.' })).toBe(true);
    expect((await task.consume()).error?.message).toBe('Stop.');
  });

  it('with a malformed taskId is an error', async () => {
    await expect(cancelTask({ taskId: 'short' })).rejects.toMatchObject({
      code: 'invalid-task-id',
    });
    await expect(cancelTask({})).rejects.toMatchObject({ code: 'invalid-task-id' });
  });
});

describe('the deadline', () => {
  it('fails the task with the code timeout and aborts with a TimeoutError', async () => {
    useFakeTimers();
    const reasons: unknown[] = [];
    const { task } = startOwnTask({
      deadlineMs: 60_000,
      execute: async ({ signal }) => {
        await aborted(signal);
        reasons.push(signal.reason);
        throw new Error('ignored, but reported');
      },
    });
    await turns();
    await vi.advanceTimersByTimeAsync(59_999);
    expect(reasons).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    const settlement = await task.consume();
    expect(settlement).toMatchObject({
      status: 'failed',
      durationMs: 60_000,
      error: {
        code: 'timeout',
        message: 'The task did not end within 60000 ms.',
        retryable: true,
      },
    });
    const [reason] = reasons as [DOMException];
    expect(reason).toBeInstanceOf(DOMException);
    expect(reason.name).toBe('TimeoutError');
    expect(reason.cause).toMatchObject({ code: 'timeout' });
    expect(vi.getTimerCount()).toBe(sweepTimers);
  });

  it('settles after the grace, even if execute never returns', async () => {
    useFakeTimers();
    const { task } = startOwnTask({
      deadlineMs: 1_000,
      graceMs: 200,
      execute: () => new Promise(() => {}),
    });
    await turns();
    await vi.advanceTimersByTimeAsync(1_200);
    expect(await task.consume()).toMatchObject({ status: 'failed', durationMs: 1_200 });
  });

  it('leaves no timer behind when the task is faster', async () => {
    useFakeTimers();
    const { task } = startOwnTask({ deadlineMs: 60_000, execute: () => 1 });
    expect(await task.result).toBe(1);
    expect(vi.getTimerCount()).toBe(sweepTimers);
  });

  it('does not follow a cancel, and a cancel does not follow it', async () => {
    useFakeTimers();
    const { task } = startOwnTask({
      deadlineMs: 1_000,
      graceMs: 5_000,
      execute: () => new Promise(() => {}),
    });
    await turns();
    await vi.advanceTimersByTimeAsync(500);
    await task.cancel('Mine.');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await task.consume()).toMatchObject({
      status: 'cancelled',
      error: { message: 'Mine.' },
    });
  });
});

describe('the abortSignal of the host', () => {
  it('cancels the task, and a text is told as the reason', async () => {
    const controller = new AbortController();
    const { task } = startOwnTask({
      abortSignal: controller.signal,
      execute: ({ signal }) => aborted(signal),
    });
    await turns();
    controller.abort('The server shuts down.');
    expect(await task.consume()).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled', message: 'The server shuts down.' },
    });
  });

  it('that has aborted already lets execute not run', async () => {
    const execute = vi.fn();
    const { task } = startOwnTask({ abortSignal: AbortSignal.abort(), execute });
    expect(await task.consume()).toMatchObject({ status: 'cancelled' });
    expect(execute).not.toHaveBeenCalled();
  });

  it('never leaks an error of the server as the reason', async () => {
    const abortSignal = AbortSignal.abort(new Error('secret'));
    const { text } = await runToText({ abortSignal, execute: () => {} });
    expect(text).not.toContain('secret');
  });

  it('settles the task though its reason holds what JSON cannot carry', async () => {
    const reason = new TaskError({ code: 'cancelled', message: 'Enough.', details: { n: 1n } });
    const { task } = await runToText({ abortSignal: AbortSignal.abort(reason), execute: () => {} });
    expect(await task.consume()).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled', message: 'Enough.' },
    });
  });

  it('is no longer listened to after the task', async () => {
    const controller = new AbortController();
    const add = vi.spyOn(controller.signal, 'addEventListener');
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    const seen: AbortSignal[] = [];
    const { task } = startOwnTask({
      abortSignal: controller.signal,
      execute: ({ signal }) => {
        seen.push(signal);
      },
    });
    await task.result;
    const added = add.mock.calls.map(([type, listener]) => [type, listener]);
    expect(added).not.toEqual([]);
    expect(remove.mock.calls.map(([type, listener]) => [type, listener])).toEqual(added);
    controller.abort();
    expect(seen[0]?.aborted).toBe(false);
  });
});
