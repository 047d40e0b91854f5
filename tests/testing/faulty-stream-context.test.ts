import {
  createTaskRoute,
  defineTask,
  resumeTask,
  streamTask,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import {
  createFaultSchedule,
  createFaultyStreamContext,
  createManualClock,
  readTask,
  type StreamContextFault,
  testStreamContext,
} from 'ai-task-stream/testing';
import { createTaskStream } from 'ai-task-stream/ui';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aborted, turns } from '../helpers/async';
import { createId, createOwnContext, follow, readLog } from '../helpers/tasks';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanups.splice(0)) await cleanUp();
});

function stopTheClock() {
  const clock = createManualClock();
  cleanups.push(clock.uninstall);
  return clock;
}

/** A task that counts to ten in its log. */
const count = defineTask({
  name: 'count',
  onError: () => {},
  execute: async ({ task, signal }) => {
    for (let n = 1; n <= 10 && !signal.aborted; n++) {
      task.log(String(n));
      await turns(1);
    }
    return 'counted';
  },
});

const counted = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'];

function openOn(context: TaskStreamContext, taskId: string, token = createId()) {
  return context.open(taskId, { leaseMs: 10_000, token, frames: ['{"type":"start"}'] });
}

describe('createFaultyStreamContext', () => {
  it('does nothing to a context by itself', async () => {
    const context = createFaultyStreamContext(createOwnContext(), []);
    const task = count.start(undefined, { streamContext: context });
    expect((await readTask(await task.toResponse())).logs).toEqual(counted);
    expect(context.injected).toEqual([]);
  });

  it('lets a call fail before it has done anything', async () => {
    const fault = { fault: 'unavailable', call: 'open', at: 1 } as const;
    const context = createFaultyStreamContext(createOwnContext(), [fault]);
    const taskId = createId();
    await expect(openOn(context, taskId)).rejects.toMatchObject({ code: 'context-unavailable' });
    expect(await context.inspect(taskId)).toBeUndefined();
    expect(await openOn(context, taskId)).toBeDefined();
    expect(context.injected).toEqual([fault]);
  });

  it('loses the answer to a call that was carried out', async () => {
    stopTheClock();
    const context = createFaultyStreamContext(createOwnContext(), [
      { fault: 'lost-answer', call: 'open', at: 1 },
    ]);
    const [taskId, token] = [createId(), createId()];
    await expect(openOn(context, taskId, token)).rejects.toMatchObject({
      code: 'context-unavailable',
    });
    expect(await context.inspect(taskId)).toMatchObject({ status: 'running' });
    expect(await openOn(context, taskId)).toBeUndefined();
    // Asked again, it gets the answer that was lost.
    const log = await openOn(context, taskId, token);
    log?.append('{"type":"data-n"}');
    expect(await log?.settle([], 'completed')).toBe(true);
    expect(await readLog(context, taskId)).toHaveLength(2);
  });

  it('closes a task as lost that was opened by an answer which nobody got', async () => {
    const clock = stopTheClock();
    const context = createFaultyStreamContext(createOwnContext(), [
      { fault: 'lost-answer', call: 'open', at: 1 },
    ]);
    const taskId = createId();
    await openOn(context, taskId).catch(() => {});
    await clock.advance(9_999);
    expect(await context.inspect(taskId)).toMatchObject({ status: 'running' });
    await clock.advance(1);
    expect(await context.inspect(taskId)).toMatchObject({ status: 'failed' });
  });

  it('delays answers', async () => {
    const clock = stopTheClock();
    const context = createFaultyStreamContext(createOwnContext(), [
      { fault: 'delay', call: 'inspect', at: 2, ms: 500 },
    ]);
    await context.inspect('a');
    let isAnswered = false;
    const asking = context.inspect('a').then(() => {
      isAnswered = true;
    });
    await clock.advance(499);
    expect(isAnswered).toBe(false);
    await clock.advance(1);
    await asking;
  });

  it('cuts a reader before a frame, who gets it when it comes back', async () => {
    const context = createFaultyStreamContext(createOwnContext(), [{ fault: 'cut', at: 5 }]);
    const task = count.start(undefined, { streamContext: context });
    await task.result;
    const first = await readTask(await task.toResponse());
    expect(first).toMatchObject({ isDone: false, logs: ['1', '2'] });
    expect(first.chunks).toHaveLength(4);
    const rest = await readTask(await follow(context, task.taskId, first.cursor));
    expect([...first.logs, ...rest.logs]).toEqual(counted);
    expect(rest.isDone).toBe(true);
  });

  it('kills a producer, whose task is closed as lost after the lease', async () => {
    const clock = stopTheClock();
    const context = createFaultyStreamContext(createOwnContext(), [{ fault: 'kill', at: 3 }]);
    let work: AbortSignal | undefined;
    const told = vi.fn();
    const task = streamTask({
      streamContext: context,
      onSettle: told,
      execute: async ({ task, writer, signal }) => {
        work = signal;
        writer.write({ type: 'text-start', id: 't' });
        task.log('before');
        task.log('after');
        await aborted(signal);
      },
    });
    const reading = task.toResponse().then((response) => readTask(response));
    await clock.advance(9_999);
    expect(work?.aborted).toBe(false);
    await clock.advance(1);
    const seen = await reading;
    expect(seen).toMatchObject({
      ...{ isDone: true, logs: ['before'] },
      task: { status: 'failed', error: { code: 'lost', retryable: true } },
    });
    expect(seen.chunks.map(({ type }) => type)).toContain('text-end');
    expect(seen.heartbeatCount).toBe(0);
    expect(work?.reason).toMatchObject({ name: 'AbortError', cause: { code: 'lost' } });
    expect(told).not.toHaveBeenCalled();
    // Whoever resumes it is told in place of the process that is gone.
    const recovered = vi.fn();
    await resumeTask({
      taskId: task.taskId,
      streamContext: context,
      onSettle: recovered,
    }).toResponse();
    await clock.advance(0);
    expect(recovered).toHaveBeenCalledWith(
      expect.objectContaining({ status: 'failed', isRecovered: true }),
    );
  });
});

describe('createFaultSchedule', () => {
  it('gives the same faults for the same seed', () => {
    const schedules = Array.from({ length: 50 }, (_, seed) => createFaultSchedule({ seed }));
    expect(Array.from({ length: 50 }, (_, seed) => createFaultSchedule({ seed }))).toEqual(
      schedules,
    );
    expect(new Set(schedules.map((schedule) => JSON.stringify(schedule))).size).toBe(50);
    const all = schedules.flat();
    expect(new Set(all.map(({ fault }) => fault)).size).toBe(5);
    for (const { at } of all) expect([at >= 1, at <= 10]).toEqual([true, true]);
  });

  it('draws what it is told to', () => {
    const schedule = createFaultSchedule({
      ...{ seed: 1, count: 30, faults: ['delay'], calls: ['open'], within: 2, maxDelayMs: 3 },
    });
    expect(schedule).toHaveLength(30);
    for (const fault of schedule) expect(fault).toMatchObject({ fault: 'delay' });
    expect(new Set(schedule.map(({ at }) => at))).toEqual(new Set([1, 2]));
  });
});

const shared = createOwnContext();

// Late answers break no promise.
testStreamContext(
  () => {
    const schedule = createFaultSchedule({ seed: 7, count: 200, faults: ['delay'], maxDelayMs: 3 });
    return createFaultyStreamContext(shared, schedule);
  },
  { describe, it, name: 'A slow context', without: ['the time of this process'] },
);
describe('a page behind a storage with faults', () => {
  const isFatal = ({ fault, ...rest }: StreamContextFault) =>
    fault === 'kill' || (fault === 'lost-answer' && 'call' in rest && rest.call === 'open');

  it.each(Array.from({ length: 30 }, (_, seed) => seed))(
    'comes to one outcome, with the whole log unless the producer was killed (seed %i)',
    async (seed) => {
      const clock = stopTheClock();
      const schedule = createFaultSchedule({
        ...{ seed, count: 12, within: 12 },
        calls: ['open', 'read', 'settle', 'flushed', 'release'],
        // A producer that is killed is the end of most stories.
        ...(seed % 3 !== 0 && { faults: ['delay', 'unavailable', 'lost-answer', 'cut'] }),
      });
      const context = createFaultyStreamContext(createOwnContext(), schedule);
      const route = createTaskRoute(count, { streamContext: context, onError: () => {} });
      const store = createTaskStream<typeof count>({
        api: 'http://localhost/api',
        fetch: async (url, init) => {
          const request = new Request(url, init);
          return request.method === 'POST' ? route.POST(request) : route.GET(request);
        },
      });
      let end: unknown;
      const ending = store.start().then((settled) => {
        end = settled;
      });
      for (let second = 0; second < 120 && end === undefined; second++) await clock.advance(1_000);
      await ending;
      const { logs, status } = store.getState();
      if (context.injected.some(isFatal) && status === 'failed') {
        expect(end).toMatchObject({ status: 'failed', error: { code: 'lost' } });
      } else {
        expect(end).toMatchObject({ status: 'completed', result: 'counted' });
        expect(logs.map(({ message }) => message)).toEqual(counted);
      }
      store.dispose();
    },
  );
});
