// Pages of tasks that a queue has, and no worker takes.
import { createTaskRoute, defineTask, type QueuedAttempt } from 'ai-task-stream/server';
import { createManualClock, type ManualClock } from 'ai-task-stream/testing';
import { createTaskStream } from 'ai-task-stream/ui';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { takeTask } from '../../../src/server/take-task';
import { createId, createOwnContext } from '../../helpers/tasks';

let clock: ManualClock;

beforeEach(() => {
  clock = createManualClock();
});

afterEach(() => clock.uninstall());

it('are told for ten minutes that it waits, and none of twenty gives up or runs it, and then it runs (R-QUEUE-9, R-BEAT-3)', async () => {
  const streamContext = createOwnContext();
  const execute = vi.fn(() => 'done');
  const report = defineTask({ name: 'report', execute });
  const jobs: QueuedAttempt[] = [];
  const queue = {
    ...{ runner: 'queue:reports', maxWaitMs: 3_600_000 },
    async enqueue(job: QueuedAttempt) {
      jobs.push(job);
      return 'asked' as const;
    },
    async remove() {},
  };
  const route = createTaskRoute(report, { streamContext, queue });
  const pages = Array.from({ length: 20 }, () =>
    createTaskStream<typeof report>({
      api: 'http://tasks/',
      fetch: (url, init) => {
        const request = new Request(url, init);
        return request.method === 'POST' ? route.POST(request) : route.GET(request);
      },
    }),
  );
  const taskId = createId();
  const settling = pages.map((page) => page.start(undefined, { taskId }));
  await clock.advance(600_000);
  for (const page of pages) {
    expect(page.getState()).toMatchObject({ status: 'pending', connection: 'connected' });
  }
  expect(execute).not.toHaveBeenCalled();
  expect(jobs).toMatchObject([{ taskId, attempt: 1, definition: 'report' }]);
  expect(await streamContext.inspect(taskId)).toMatchObject({ isWaiting: true, attempt: 0 });

  expect(await takeTask(report, taskId, { streamContext })).toBeUndefined();
  await takeTask(report, taskId, { streamContext, runner: queue.runner });
  const ends = await Promise.all(settling);
  for (const end of ends) expect(end).toMatchObject({ status: 'completed', result: 'done' });
  expect(execute).toHaveBeenCalledTimes(1);
  for (const page of pages) page.dispose();
});
