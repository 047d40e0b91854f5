import { TaskError } from 'ai-task-stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aborted, createDeferred, turns, until } from '../../helpers/async';
import { useFakeTimers } from '../../helpers/fake-timers';
import { readWrites } from '../../helpers/sse';
import { createOwnContext, runToText, startOwnTask } from '../../helpers/tasks';

afterEach(() => {
  vi.useRealTimers();
});

describe('a client that leaves', () => {
  it('detaches, and the task goes on', async () => {
    const gate = createDeferred();
    const { task } = startOwnTask({
      execute: async ({ signal }) => {
        await gate.promise;
        return signal.aborted;
      },
    });
    const writes = readWrites(await task.toResponse());
    await writes.until('"start"');
    await writes.leave();
    await turns(20);
    gate.resolve();
    await expect(task.result).resolves.toBe(false);
  });

  it('cancels the task with cancelOnDisconnect', async () => {
    const { task } = startOwnTask({
      cancelOnDisconnect: true,
      execute: ({ signal }) => aborted(signal),
    });
    const writes = readWrites(await task.toResponse());
    await writes.until('"start"');
    await writes.leave();
    expect(await task.consume()).toMatchObject({
      status: 'cancelled',
      error: { message: 'The client has left.' },
    });
  });

  it('cancels nothing with cancelOnDisconnect once the task is over', async () => {
    const { task, response } = await runToText({ cancelOnDisconnect: true, execute: () => 1 });
    expect(response.bodyUsed).toBe(true);
    expect(await task.consume()).toMatchObject({ status: 'completed' });
  });
});

describe('a chat', () => {
  it('cancels its running task as superseded when another starts', async () => {
    const streamContext = createOwnContext();
    const options = { streamContext, chatId: 'chat', owner: 'me' };
    const { task: first } = startOwnTask({ ...options, execute: ({ signal }) => aborted(signal) });
    await turns();
    const gate = createDeferred();
    const { task: second } = startOwnTask({ ...options, execute: () => gate.promise });
    expect(await first.consume()).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled', message: 'superseded' },
    });
    await until(
      async () => (await streamContext.activeTask('chat', { owner: 'me' })) === second.taskId,
    );
    gate.resolve();
    expect(await second.consume()).toMatchObject({ status: 'completed' });
  });
});

describe('onSettle', () => {
  it('runs once, with the whole result and whose task it is, and is awaited before the chat is free', async () => {
    const gate = createDeferred();
    const onSettle = vi.fn(() => gate.promise);
    const streamContext = createOwnContext();
    const { task, response } = await runToText({
      streamContext,
      name: 'Report',
      chatId: 'chat',
      owner: 'me',
      onSettle,
      execute: () => ({ pages: 3 }),
    });
    expect(response.status).toBe(200);
    await turns();
    expect(await streamContext.activeTask('chat', { owner: 'me' })).toBe(task.taskId);
    gate.resolve();
    await until(
      async () => (await streamContext.activeTask('chat', { owner: 'me' })) === undefined,
    );
    expect(onSettle.mock.calls).toEqual([
      [
        {
          taskId: task.taskId,
          name: 'Report',
          chatId: 'chat',
          owner: 'me',
          status: 'completed',
          result: { pages: 3 },
          durationMs: expect.any(Number),
          settledAt: expect.any(Number),
          isStored: true,
          isRecovered: false,
          message: expect.objectContaining({ id: task.taskId, role: 'assistant' }),
          messages: [expect.objectContaining({ id: task.taskId, role: 'assistant' })],
        },
      ],
    ]);
  });

  it('that never ends keeps the chat for 30 s and not longer', async () => {
    useFakeTimers();
    const streamContext = createOwnContext();
    const { task } = startOwnTask({
      streamContext,
      chatId: 'chat',
      onSettle: () => new Promise(() => {}),
      execute: () => {},
    });
    await task.result;
    await vi.advanceTimersByTimeAsync(29_999);
    expect(await streamContext.activeTask('chat')).toBe(task.taskId);
    await vi.advanceTimersByTimeAsync(1);
    expect(await streamContext.activeTask('chat')).toBeUndefined();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('that %s is reported, and the chat is free', async (_how, onSettle) => {
    const streamContext = createOwnContext();
    const { reported, task } = startOwnTask({
      streamContext,
      chatId: 'chat',
      onSettle,
      execute: () => 1,
    });
    expect(await task.result).toBe(1);
    await until(async () => (await streamContext.activeTask('chat')) === undefined);
    expect(reported).toEqual([new Error('broken')]);
  });

  it('runs for failures and cancels, too', async () => {
    const onSettle = vi.fn();
    const failing = startOwnTask({
      onSettle,
      execute: () => {
        throw new TaskError({ code: 'mine', message: 'No.' });
      },
    });
    await failing.task.consume();
    const cancelled = startOwnTask({
      onSettle,
      abortSignal: AbortSignal.abort(),
      execute: () => {},
    });
    await cancelled.task.consume();
    await until(() => onSettle.mock.calls.length === 2);
    expect(onSettle.mock.calls.map(([event]) => [event.status, event.error?.code])).toEqual([
      ['failed', 'mine'],
      ['cancelled', 'cancelled'],
    ]);
  });
});
