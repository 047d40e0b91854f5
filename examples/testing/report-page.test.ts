import { createManualClock, type ManualClock } from 'ai-task-stream/testing';
import { createTaskStream, type TaskStreamOptions } from 'ai-task-stream/ui';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DELETE, GET, POST, type report } from './report-route';

const handlers = { POST, GET, DELETE };

/** A `fetch` for the page that calls the route's own handlers, without a network. */
const callRoute: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  return handlers[request.method as keyof typeof handlers](request);
};

/** Wraps a `fetch` so that its first connection breaks off once something has come through it. */
function cutFirst(fetch: typeof callRoute): typeof callRoute {
  let isFirst = true;
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!isFirst) return response;
    isFirst = false;
    const cut = new TransformStream({
      transform(chunk, controller) {
        controller.enqueue(chunk);
        controller.error(new TypeError('The connection is gone.'));
      },
    });
    return new Response(response.body?.pipeThrough(cut), response);
  };
}

/** Makes the store that the hook of a page is built on. */
function open(options: Partial<TaskStreamOptions> = {}) {
  return createTaskStream<typeof report>({
    api: 'http://localhost/api/report', // a full address, because there is no page
    headers: { 'x-user': 'ada' },
    fetch: callRoute,
    ...options,
  });
}

// Each section takes a second of this clock, and no time of the test.
let clock: ManualClock;

beforeEach(() => {
  clock = createManualClock();
});

afterEach(() => clock.uninstall());

it('shows the page how far the report is, and then the whole', async () => {
  const page = open();
  const ending = page.start({ topic: 'tides', sections: 2 });
  await clock.advance(1_500);
  const { status, percent = 0 } = page.getState();
  expect([status, Math.round(percent)]).toEqual(['running', 55]);
  await clock.advance(500);
  expect(await ending).toMatchObject({ status: 'completed', result: { sections: 2 } });
  expect(page.getState().message.parts).toContainEqual({
    type: 'text',
    text: 'Section 1. Section 2. ',
    state: 'done',
  });
});

it('tells the page what the route refuses', async () => {
  const end = await open().start({ topic: '', sections: 2 });
  expect(end).toMatchObject({ status: 'unsettled', error: { code: 'invalid-input' } });
});

it('gives the page the rest after its connection broke', async () => {
  const page = open({ fetch: cutFirst(callRoute), reconnect: { initialDelayMs: 0 } });
  const ending = page.start({ topic: 'tides', sections: 2 });
  await clock.advance(2_000);
  expect(await ending).toMatchObject({ status: 'completed' });
});

it('gives a page that was reloaded all of it', async () => {
  const page = open();
  page.start({ topic: 'tides', sections: 2 });
  await clock.advance(1_000);
  const { taskId = '' } = page.getState();
  page.detach();
  const ending = open().resume(taskId);
  await clock.advance(1_000);
  expect(await ending).toMatchObject({ status: 'completed', result: { sections: 2 } });
});

it('stops when the page asks for it', async () => {
  const page = open();
  const ending = page.start({ topic: 'tides', sections: 20 });
  await clock.advance(1_500);
  expect(await page.cancel()).toBe(true);
  await clock.advance(1_000);
  expect(await ending).toMatchObject({ status: 'cancelled' });
});
