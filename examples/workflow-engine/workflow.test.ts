import {
  createMemoryStreamContext,
  createTaskRoute,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import {
  createFaultyStreamContext,
  createManualClock,
  type ManualClock,
} from 'ai-task-stream/testing';
import { createTaskStream } from 'ai-task-stream/ui';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { report } from './report';
import { createReportStep, type StepInput, toQueue } from './workflow';

const retryMs = 1_000;

let clock: ManualClock;
beforeEach(() => {
  clock = createManualClock();
});
afterEach(() => clock.uninstall());

/** A route whose tasks an engine runs, the page of a task, and what came of the steps. */
function serve(streamContext: TaskStreamContext, { isAway = false } = {}) {
  const step = createReportStep(streamContext);
  const ends: string[] = [];
  /** Stands for an engine: it makes a step again until it does not throw. */
  const makeStep = async (input: StepInput) => {
    for (let isOver = false; !isOver; ) {
      try {
        ends.push((await step(input)).status);
        isOver = true;
      } catch {
        ends.push('again');
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };
  const started = new Set<string>();
  const queue = toQueue({
    async startWorkflow(id, input) {
      if (started.has(id) || isAway) return;
      started.add(id);
      void makeStep(input);
    },
  });
  const route = createTaskRoute(report, { streamContext, queue, onError() {} });
  const page = createTaskStream<typeof report>({
    api: 'http://localhost/api/report',
    fetch(input, init) {
      const request = new Request(input, init);
      return request.method === 'POST' ? route.POST(request) : route.GET(request);
    },
  });
  return { page, route, makeStep, ends };
}

/** Lets time pass until something is over. */
async function timeUntil<Value>(promise: Promise<Value>): Promise<Value> {
  let isOver = false;
  void promise.finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(retryMs);
  return promise;
}

const pages = ['Page 1', 'Page 2', 'Page 3'];

it('streams what the step of a workflow does to the page that has asked for it', async () => {
  const { page, ends } = serve(createMemoryStreamContext({ scope: crypto.randomUUID() }));
  expect(await timeUntil(page.start({ pages: 3 }))).toMatchObject({ status: 'completed' });
  expect(page.getState()).toMatchObject({ partials: pages, settlement: { result: { pages: 3 } } });
  expect(ends).toEqual(['completed']);
});

it('goes on from the last page when the engine makes a step again whose process was lost', async () => {
  const memory = createMemoryStreamContext({ scope: crypto.randomUUID() });
  const streamContext = createFaultyStreamContext(memory, [{ fault: 'kill', at: 8 }]);
  const { page } = serve(streamContext);
  const { status } = await timeUntil(page.start({ pages: 3 }));
  expect(status).toBe('completed');
  expect(page.getState()).toMatchObject({ partials: pages, attempt: 2 });
  expect(streamContext.injected).toHaveLength(1);
});

it('ends the step of a task that was cancelled while it waited for the engine', async () => {
  const streamContext = createMemoryStreamContext({ scope: crypto.randomUUID() });
  const { page, makeStep, ends } = serve(streamContext, { isAway: true });
  const ending = page.start({ pages: 3 });
  await clock.advance(retryMs);
  const { taskId = '' } = page.getState();
  expect(page.getState().status).toBe('pending');
  await streamContext.cancel(taskId);
  expect(await timeUntil(ending)).toMatchObject({ status: 'cancelled' });
  await makeStep({ taskId });
  expect(ends).toEqual(['cancelled']);
});
