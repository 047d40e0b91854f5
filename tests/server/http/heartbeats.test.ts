import { resumeTask, type TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDeferred, turns } from '../../helpers/async';
import { checkpoint, openWork, take } from '../../helpers/attempted-task';
import { relativeEnd } from '../../helpers/cursors';
import { useFakeTimers } from '../../helpers/fake-timers';
import { parseFrames, readWrites, typesIn } from '../../helpers/sse';
import { createId, createOwnContext, follow, runToText, startOwnTask } from '../../helpers/tasks';

afterEach(() => {
  vi.useRealTimers();
});

const heartbeatPattern = /^data: \{"type":"data-task-heartbeat"[^\n]*\n\n$/;

describe('the first bytes', () => {
  it('leave at once, before execute has done anything', async () => {
    const gate = createDeferred();
    const { task } = startOwnTask({ execute: () => gate.promise });
    const writes = readWrites(await task.toResponse());
    expect(await writes.next()).toBe('retry: 1000\n\n');
    gate.resolve();
    await writes.rest();
  });

  it('are the preamble in a resumed response, too', async () => {
    const { task, streamContext } = await runToText({ execute: () => {} });
    const writes = readWrites(await follow(streamContext, task.taskId, '0-1'));
    expect(await writes.next()).toBe('retry: 1000\n\n');
    await writes.leave();
  });
});

describe('heartbeats', () => {
  it('come with the first frames, then once per interval, carry no id and are never stored', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      heartbeatMs: 1_000,
      execute: () => gate.promise,
    });
    const writes = readWrites(await task.toResponse());
    await writes.next();
    const first = (await writes.next()) ?? '';
    expect(typesIn(first)).toEqual(['start', 'data-task']);
    const frames = parseFrames(first);
    expect(frames.at(-1)).toEqual({
      id: undefined,
      data: JSON.stringify({
        type: 'data-task-heartbeat',
        data: { taskId: task.taskId, at: Date.now(), intervalMs: 1_000 },
        transient: true,
      }),
    });
    for (let beat = 0; beat < 3; beat++) {
      const next = writes.next();
      await turns();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await next).toMatch(heartbeatPattern);
    }
    expect(await relativeEnd(streamContext, task.taskId)).toBe('0-1');
    gate.resolve();
    const text = await writes.rest();
    expect(text.match(/data-task-heartbeat/g)).toHaveLength(4);
    const replay = await (await follow(streamContext, task.taskId)).text();
    expect(replay).not.toContain('data-task-heartbeat');
    expect(vi.getTimerCount()).toBe(1);
  });

  it('come to a reader that has nothing new to read, within one interval', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({ execute: () => gate.promise });
    await turns();
    const writes = readWrites(await follow(streamContext, task.taskId, '0-1'));
    await writes.next();
    expect(await writes.next()).toMatch(heartbeatPattern);
    const second = writes.next();
    await turns();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await second).toMatch(heartbeatPattern);
    gate.resolve();
    await writes.rest();
  });

  it('belong to their connection, each with its own interval', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      heartbeatMs: 1_000,
      execute: () => gate.promise,
    });
    const fast = readWrites(await task.toResponse());
    const { taskId } = task;
    const slow = readWrites(
      await resumeTask({ taskId, streamContext, heartbeatMs: 10_000 }).toResponse(),
    );
    const count = async (writes: typeof fast) =>
      (await writes.rest()).match(/"intervalMs":/g)?.length;
    const texts = Promise.all([count(fast), count(slow)]);
    await turns();
    for (let second = 0; second < 20; second++) await vi.advanceTimersByTimeAsync(1_000);
    gate.resolve();
    expect(await texts).toEqual([21, 3]);
  });

  it('are the same for all who follow a task in one process, whose timer they share', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      heartbeatMs: 5_000,
      execute: () => gate.promise,
    });
    const first = (await task.toResponse()).text();
    await turns();
    const timers = vi.getTimerCount();
    await vi.advanceTimersByTimeAsync(3_000);
    const others = [1, 2].map(async () => (await follow(streamContext, task.taskId)).text());
    await turns();
    expect(vi.getTimerCount()).toBe(timers);
    await vi.advanceTimersByTimeAsync(5_000);
    gate.resolve();
    const beats = (await Promise.all([first, ...others])).map((text) =>
      text.split('\n\n').filter((event) => event.includes('data-task-heartbeat')),
    );
    expect(beats.map(({ length }) => length)).toEqual([2, 2, 2]);
    expect(new Set(beats.map((own) => own.at(-1))).size).toBe(1);
  });

  it('stop once the producer does not count as alive', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const context = createOwnContext();
    let isAlive = true;
    const streamContext: TaskStreamContext = {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        return Object.create(reader, { isAlive: { get: () => isAlive } });
      },
    };
    const { task } = startOwnTask({
      streamContext,
      heartbeatMs: 1_000,
      execute: () => gate.promise,
    });
    const writes = readWrites(await task.toResponse());
    const text = writes.rest();
    await turns();
    await vi.advanceTimersByTimeAsync(2_000);
    isAlive = false;
    await vi.advanceTimersByTimeAsync(60_000);
    gate.resolve();
    expect((await text).match(/data-task-heartbeat/g)).toHaveLength(3);
  });

  it('tell at once, once each time, that the task waits (R-BEAT-4)', async () => {
    const streamContext = createOwnContext();
    const taskId = createId();
    let log = await openWork(streamContext, taskId);
    // No interval ends within the test.
    const response = await resumeTask({ taskId, streamContext, heartbeatMs: 60_000 }).toResponse();
    const writes = readWrites(response);
    const isWaiting = (text: string | undefined) => text?.includes('"waiting":true');
    await writes.next();
    expect(isWaiting(await writes.next())).toBe(false);
    for (let index = 0; index < 2; index++) {
      await checkpoint(log, taskId, index);
      await writes.next();
      const heartbeat = writes.next();
      await log.handOver?.();
      expect(await heartbeat).toMatch(heartbeatPattern);
      expect(isWaiting(await heartbeat)).toBe(true);
      const following = writes.next();
      ({ log } = await take(streamContext, taskId));
      expect(typesIn((await following) ?? '')).toEqual(['data-task-rewind', 'data-task']);
    }
    await writes.leave();
  });

  it('tell once that a task waits which is followed only then', async () => {
    const streamContext = createOwnContext();
    const taskId = createId();
    const log = await openWork(streamContext, taskId);
    await log.handOver?.();
    const response = await resumeTask({ taskId, streamContext, heartbeatMs: 60_000 }).toResponse();
    const text = response.text();
    await turns();
    await streamContext.cancel(taskId);
    expect((await text).match(/"waiting":true/g)).toHaveLength(1);
  });

  it('do not pile up before a client that has stopped reading', async () => {
    useFakeTimers();
    const gate = createDeferred();
    const { task } = startOwnTask({ heartbeatMs: 1_000, execute: () => gate.promise });
    const writes = readWrites(await task.toResponse());
    await writes.next();
    await writes.next();
    const last = writes.next();
    await turns();
    await vi.advanceTimersByTimeAsync(1_000);
    await last;
    await vi.advanceTimersByTimeAsync(100_000);
    gate.resolve();
    expect((await writes.rest()).match(/data-task-heartbeat/g)?.length).toBeLessThanOrEqual(4);
  });
});
