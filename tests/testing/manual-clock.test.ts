import { createTaskRoute, defineTask, streamTask } from 'ai-task-stream/server';
import {
  createManualClock,
  type ManualClock,
  readTask,
  runDefinition,
} from 'ai-task-stream/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aborted, createDeferred } from '../helpers/async';
import { createOwnContext } from '../helpers/tasks';

let clock: ManualClock;

beforeEach(() => {
  clock = createManualClock({ now: 1_767_225_600_000 });
});

afterEach(() => clock.uninstall());

describe('createManualClock', () => {
  it('stops the time until it is let pass', async () => {
    const startedAt = performance.now();
    const times = () => [Date.now(), clock.now];
    expect(times()).toEqual(Array(2).fill(1_767_225_600_000));
    expect(new Date().toISOString()).toBe('2026-01-01T00:00:00.000Z');
    await clock.advance(1_500);
    expect(times()).toEqual(Array(2).fill(1_767_225_601_500));
    expect(performance.now() - startedAt).toBeCloseTo(1_500);
    expect(new Date(0).toISOString()).toBe('1970-01-01T00:00:00.000Z');
    expect(new Date()).toBeInstanceOf(Date);
    expect(Date.UTC(2026)).toBe(1_767_225_600_000);
  });

  it('fires timers in their order, each at its own time', async () => {
    const fired: unknown[] = [];
    const note = (name: string) => fired.push([name, Date.now() - 1_767_225_600_000]);
    setTimeout(note, 300, 'late');
    setTimeout(note, 100, 'early');
    setTimeout(note, 100, 'early, too');
    setTimeout(() => setTimeout(note, 50, 'nested'), 100);
    const every = setInterval(note, 120, 'every');
    clearTimeout(setTimeout(note, 10, 'cleared'));
    await clock.advance(299);
    clearInterval(every);
    expect(fired).toEqual([
      ['early', 100],
      ['early, too', 100],
      ['every', 120],
      ['nested', 150],
      ['every', 240],
    ]);
    await clock.advance(1);
    expect(fired.at(-1)).toEqual(['late', 300]);
  });

  it('lets work between two timers be done that takes turns of the event loop', async () => {
    const order: string[] = [];
    setTimeout(async () => {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      order.push('work');
    }, 10);
    setTimeout(() => order.push('timer'), 11);
    await clock.advance(20);
    expect(order).toEqual(['work', 'timer']);
  });

  it('rejects with what a timer has thrown', async () => {
    setTimeout(() => {
      throw new Error('From a timer.');
    }, 5);
    await expect(clock.advance(10)).rejects.toThrow('From a timer.');
  });

  it('can stand only once, and gives the time back', async () => {
    expect(() => createManualClock()).toThrow('There is a manual clock already.');
    const manual = { Date, setTimeout, clearInterval, now: performance.now };
    clock.uninstall();
    clock.uninstall();
    expect(Object.values(manual)).not.toContain(Date);
    expect(Object.values(manual)).not.toContain(setTimeout);
    expect(Object.values(manual)).not.toContain(performance.now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(Date.now()).not.toBe(1_767_225_600_000);
  });

  it('leaves timers to the real time that were made before', async () => {
    clock.uninstall();
    const timer = setTimeout(() => {}, 60_000);
    clock = createManualClock();
    clearTimeout(timer);
    expect((timer as { _destroyed?: boolean })._destroyed).toBe(true);
  });

  it('brings a task to its deadline, and through its grace period', async () => {
    const deaf = defineTask({
      name: 'deaf',
      deadlineMs: 60_000,
      graceMs: 5_000,
      execute: () => new Promise(() => {}),
    });
    const running = runDefinition(deaf);
    await clock.advance(64_999);
    let isOver = false;
    running.then(() => {
      isOver = true;
    });
    await clock.advance(0);
    expect(isOver).toBe(false);
    await clock.advance(1);
    const { task } = await running;
    expect(task.settlement).toMatchObject({
      ...{ status: 'failed', error: { code: 'timeout' }, durationMs: 65_000 },
      settledAt: 1_767_225_665_000,
    });
  });

  it('lets heartbeats pass', async () => {
    const gate = createDeferred();
    const task = streamTask({ streamContext: createOwnContext(), execute: () => gate.promise });
    const reading = task.toResponse().then((response) => readTask(response));
    await clock.advance(20_000);
    gate.resolve();
    expect((await reading).heartbeatCount).toBe(5);
  });

  it('lets a log expire', async () => {
    const quick = defineTask({ name: 'quick', execute: () => 1 });
    const streamContext = createOwnContext({ retentionMs: 60_000 });
    const { GET } = createTaskRoute(quick, { streamContext });
    const task = quick.start(undefined, { streamContext });
    await task.result;
    const get = async () =>
      (await GET(new Request(`http://localhost/?taskId=${task.taskId}`))).status;
    expect(await get()).toBe(200);
    await clock.advance(60_001);
    expect(await get()).toBe(404);
  });

  it('does not keep a task from being stopped', async () => {
    const endless = defineTask({ name: 'endless', execute: ({ signal }) => aborted(signal) });
    const controller = new AbortController();
    const running = runDefinition(endless, { signal: controller.signal });
    controller.abort();
    await clock.advance(0);
    expect((await running).task.status).toBe('cancelled');
  });
});
