// Workers that take leave while they have jobs that they have not begun.
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId } from '../helpers/tasks';
import { setUpQueues, setUpQuickTask } from './queues';

const { ran, quick } = setUpQuickTask();
let proxy: FaultProxy | undefined;

// Registered before the queues, so that it is closed after them.
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});

const queues = setUpQueues();

/** Longer than this may take on any machine. */
const drainMs = 100_000;

describe.each([5, 6] as const)('a worker on BullMQ %d that drains', (major) => {
  /** A web process, and a worker that reaches its storage, or its queue, through a proxy. */
  async function serve(behind: 'storage' | 'queue') {
    const web = queues.open({ tasks: [quick], major });
    const { name, keyPrefix } = web;
    const through = await startFaultProxy(sharedRedisUrl());
    proxy = through;
    const open = (options: { url?: string; connection?: { url: string } } = {}) =>
      queues.open({ tasks: [quick], major, name, keyPrefix, ...options });
    const leaving = open(
      behind === 'storage'
        ? { url: through.url, connection: { url: sharedRedisUrl() } }
        : { connection: { url: through.url } },
    );
    const start = async (taskId: string) => {
      const task = web.queue.start(quick, undefined, { taskId });
      await (await task.toResponse()).body?.cancel();
      return task;
    };
    const stateOf = (taskId: string) => queues.look(name).getJobState(`task-${taskId}-1`);

    /** Has the worker leave while an answer to it is held, and another one do the task once it has left. */
    const leaveWhile = async (
      held: ReturnType<FaultProxy['hold']>,
      task: Awaited<ReturnType<typeof start>>,
    ) => {
      const { taskId } = task;
      await held.answered;
      expect(await stateOf(taskId)).toBe('active');
      const drained = leaving.context.drain?.({ timeoutMs: drainMs });
      held.release();
      await drained;
      expect(await stateOf(taskId)).toBe('waiting');
      open().queue.work({ heartbeatMs: 50 });
      expect(await task.result).toBe('done');
      expect(ran.mock.calls).toEqual([[taskId]]);
    };
    return { start, leaving, leaveWhile, proxy: through };
  }

  it('gives a job back at once whose task it has not taken yet (R-QUEUE-7)', async () => {
    const { start, leaving, leaveWhile, proxy } = await serve('storage');
    const taskId = createId();
    // It has the job, and asks for the task.
    const asking = proxy.hold((command) => command.some((text) => text.includes(taskId)));
    leaving.queue.work({ heartbeatMs: 50 });
    await leaveWhile(asking, await start(taskId));
  });

  it('gives a job back at once that reaches it only then (R-QUEUE-7)', async () => {
    const { start, leaving, leaveWhile, proxy } = await serve('queue');
    leaving.queue.work({ heartbeatMs: 50 });
    // It waits for jobs by now.
    await until(() => proxy.count('BZPOPMIN') > 0);
    // With the asking for one BullMQ sends how long it may keep that.
    const fetching = proxy.hold((command) => command.some((text) => text.includes('lockDuration')));
    await leaveWhile(fetching, await start(createId()));
  });
});
