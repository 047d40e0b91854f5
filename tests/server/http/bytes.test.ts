import type { FrameRange, TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDeferred, turns } from '../../helpers/async';
import { useFakeTimers } from '../../helpers/fake-timers';
import { cursorsIn, readWrites, typesIn, withoutHeartbeats } from '../../helpers/sse';
import { createOwnContext, follow, runToText, startOwnTask } from '../../helpers/tasks';

afterEach(() => {
  vi.useRealTimers();
});

describe('what is pending', () => {
  it('goes out in one write', async () => {
    const gate = createDeferred();
    const { task } = startOwnTask({
      execute: async ({ writer }) => {
        await gate.promise;
        for (let n = 0; n < 100; n++) writer.write({ type: 'data-n', data: n });
      },
    });
    const writes = readWrites(await task.toResponse());
    await writes.until('"running"');
    await writes.until('data-task-heartbeat');
    const next = writes.next();
    gate.resolve();
    const text = (await next) ?? '';
    expect(typesIn(text)).toEqual([
      ...Array.from({ length: 100 }, () => 'data-n'),
      'data-task',
      'data-task-settle',
      'finish',
    ]);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(await writes.next()).toBeUndefined();
  });

  it('is cut into writes of a bounded size when it is much', async () => {
    const line = 'x'.repeat(1_000);
    const { task, streamContext } = await runToText({
      execute: ({ writer }) => {
        for (let n = 0; n < 1_000; n++) writer.write({ type: 'data-n', data: line });
      },
    });
    const writes = readWrites(await follow(streamContext, task.taskId));
    let count = 0;
    for (let write = await writes.next(); write !== undefined; write = await writes.next()) {
      expect(write.length).toBeLessThan(70_000);
      count++;
    }
    expect(count).toBeGreaterThan(14);
    expect(count).toBeLessThan(25);
  });

  it('is not even read while nobody pulls', async () => {
    const context = createOwnContext();
    const reads = vi.fn();
    const streamContext: TaskStreamContext = {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        const { take, next } = reader;
        reader.take = () => {
          reads();
          return take();
        };
        reader.next = () => {
          reads();
          return next();
        };
        return reader;
      },
    };
    const { task } = startOwnTask({ streamContext, execute: () => 1 });
    const response = await task.toResponse();
    await task.result;
    await turns();
    expect(reads).not.toHaveBeenCalled();
    const reader = response.body?.getReader();
    await reader?.read();
    await turns();
    expect(reads).not.toHaveBeenCalled();
    await reader?.cancel();
  });
});

describe('many readers', () => {
  it('share one log: each range is a view of the same array', async () => {
    const context = createOwnContext();
    const logs = new Set<FrameRange['data']>();
    const streamContext: TaskStreamContext = {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        const { next } = reader;
        reader.next = async () => {
          const step = await next();
          if (step.value) logs.add(step.value.data);
          return step;
        };
        return reader;
      },
    };
    const gate = createDeferred();
    const { task } = startOwnTask({
      streamContext,
      heartbeatMs: 600_000,
      execute: async ({ writer }) => {
        for (let n = 0; n < 20; n++) writer.write({ type: 'data-n', data: n });
        await gate.promise;
        for (let n = 20; n < 40; n++) writer.write({ type: 'data-n', data: n });
      },
    });
    await turns();
    const texts = Promise.all(
      Array.from({ length: 1_000 }, async () => (await follow(streamContext, task.taskId)).text()),
    );
    await turns(20);
    gate.resolve();
    const distinct = new Set((await texts).map(withoutHeartbeats));
    expect(distinct.size).toBe(1);
    expect(cursorsIn([...distinct][0] ?? '')).toHaveLength(45);
    expect(logs.size).toBe(1);
  });

  it('are not slowed by one that has stopped reading, which later reads it all', async () => {
    const total = 5_000;
    const { task, streamContext } = startOwnTask({
      execute: async ({ writer }) => {
        for (let n = 0; n < total; n++) {
          writer.write({ type: 'data-n', data: n });
          if (n % 500 === 0) await turns(1);
        }
      },
    });
    const stuck = readWrites(await task.toResponse());
    await stuck.next();
    const quick = await (await follow(streamContext, task.taskId)).text();
    expect(cursorsIn(quick)).toHaveLength(total + 5);
    await task.result;
    expect(cursorsIn(await stuck.rest())).toEqual(cursorsIn(quick));
  });
});

describe('a client that leaves', () => {
  it('is forgotten at once, while it waits and while it reads', async () => {
    useFakeTimers();
    const context = createOwnContext();
    const closes = vi.fn();
    const streamContext: TaskStreamContext = {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        const { close } = reader;
        reader.close = () => {
          closes();
          close();
        };
        return reader;
      },
    };
    const gate = createDeferred();
    const { task } = startOwnTask({ streamContext, execute: () => gate.promise });
    await (await task.toResponse()).body?.cancel();
    expect(closes).toHaveBeenCalledTimes(1);
    const waiting = readWrites(await task.toResponse());
    await waiting.next();
    await waiting.next();
    const pending = waiting.next();
    await turns();
    expect(vi.getTimerCount()).toBe(1);
    await waiting.leave();
    expect(await pending).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
    expect(closes).toHaveBeenCalledTimes(2);
    gate.resolve();
    await task.result;
  });
});

describe('a log that breaks while it is read', () => {
  it('fails the response, and leaves nothing running', async () => {
    const context = createOwnContext();
    const close = vi.fn();
    const streamContext: TaskStreamContext = {
      ...context,
      async read(taskId, options) {
        const reader = await context.read(taskId, options);
        if (!reader) return undefined;
        const broken = () => Promise.reject(new Error('broken'));
        return Object.create(reader, { next: { value: broken }, close: { value: close } });
      },
    };
    const gate = createDeferred();
    const { task } = startOwnTask({ streamContext, execute: () => gate.promise });
    await expect((await task.toResponse()).text()).rejects.toThrow('broken');
    expect(close).toHaveBeenCalledOnce();
    gate.resolve();
    await context.read(task.taskId);
  });
});
