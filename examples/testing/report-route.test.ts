import { createMemoryStreamContext, createTaskRoute } from 'ai-task-stream/server';
import {
  createFaultyStreamContext,
  createManualClock,
  type ManualClock,
  readTask,
  runDefinition,
  type StreamContextFault,
} from 'ai-task-stream/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DELETE, GET, POST, report } from './report-route';

// Each section takes a second of this clock, and no time of the test.
let clock: ManualClock;

beforeEach(() => {
  clock = createManualClock();
});

afterEach(() => clock.uninstall());

const address = 'http://localhost/api/report';

function post(input: unknown, user = 'ada'): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'x-user': user };
  return POST(new Request(address, { method: 'POST', headers, body: JSON.stringify({ input }) }));
}

function get(taskId = '', { user = 'ada', cursor = '' } = {}): Promise<Response> {
  const headers = { 'x-user': user, 'last-event-id': cursor };
  return GET(new Request(`${address}?taskId=${taskId}`, { headers }));
}

describe('the task', () => {
  it('writes all sections', async () => {
    const running = runDefinition(report, { input: { topic: 'tides', sections: 3 } });
    await clock.advance(3_000);
    const { result, text, logs } = await running;
    expect(result).toEqual({ sections: 3 });
    expect(text).toBe('Section 1. Section 2. Section 3. ');
    expect(logs).toEqual(['About tides']);
  });

  it('takes no empty topic', async () => {
    const { refusal } = await runDefinition(report, { input: { topic: '', sections: 3 } });
    expect(refusal).toMatchObject({ code: 'invalid-input' });
  });

  it('stops in its midst when it is cancelled', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const running = runDefinition(report, { input: { topic: 'tides', sections: 3 }, signal });
    await clock.advance(1_500);
    controller.abort();
    await clock.advance(500);
    const { task, text } = await running;
    expect(task.status).toBe('cancelled');
    expect(text).toBe('Section 1. Section 2. ');
  });
});

describe('the route', () => {
  it('streams the report with its progress', async () => {
    const reading = readTask<typeof report>(await post({ topic: 'tides', sections: 2 }));
    await clock.advance(2_000);
    const { status, task, result, isDone } = await reading;
    expect(status).toBe(200);
    expect(task.steps.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'outline: completed',
      'write: completed',
    ]);
    expect(result).toEqual({ sections: 2 });
    expect(isDone).toBe(true);
  });

  it('goes on when its reader leaves, who gets the rest later', async () => {
    const response = await post({ topic: 'tides', sections: 3 });
    const reading = readTask(response, { until: ({ text }) => text.includes('Section 1.') });
    await clock.advance(1_000);
    const { task, cursor } = await reading;
    await clock.advance(2_000);
    const rest = await readTask(await get(task.taskId, { cursor }));
    expect(rest.isDone).toBe(true);
    expect(rest.task.settlement?.result).toEqual({ sections: 3 });
    const { text } = await readTask(await get(task.taskId));
    expect(text).toBe('Section 1. Section 2. Section 3. ');
  });

  it('does not show a report to others', async () => {
    const { task } = await readTask(await post({ topic: 'tides', sections: 0 }));
    const { status, refusal } = await readTask(await get(task.taskId, { user: 'eve' }));
    expect([status, refusal?.code]).toEqual([404, 'not-found']);
  });

  it('stops a report that its owner does not want any more', async () => {
    const response = await post({ topic: 'tides', sections: 20 });
    const reading = readTask(response);
    await clock.advance(1_500);
    const taskId = response.headers.get('x-task-id');
    const asked = await DELETE(
      new Request(`${address}?taskId=${taskId}`, {
        method: 'DELETE',
        headers: { 'x-user': 'ada' },
      }),
    );
    expect(await asked.json()).toEqual({ cancelled: true });
    await clock.advance(1_000);
    expect((await reading).task).toMatchObject({ status: 'cancelled' });
  });

  it('gives up a report that takes too long', async () => {
    const slow = runDefinition(report, {
      input: { topic: 'tides', sections: 20 },
      deadlineMs: 10_000,
      graceMs: 0,
    });
    await clock.advance(10_000);
    expect((await slow).task.error).toMatchObject({ code: 'timeout' });
    await clock.advance(1_000);
  });
});

describe('the route, when its storage has trouble', () => {
  function postWith(...faults: StreamContextFault[]): Promise<Response> {
    const streamContext = createFaultyStreamContext(createMemoryStreamContext(), faults);
    // The faults are meant, so their errors need not be printed.
    const onError = () => {};
    const faulty = createTaskRoute(report, { streamContext, onError });
    const body = JSON.stringify({ input: { topic: 'tides', sections: 3 } });
    const headers = { 'content-type': 'application/json' };
    return faulty.POST(new Request(address, { method: 'POST', headers, body }));
  }

  it('starts nothing while it is away', async () => {
    const { status, refusal } = await readTask(
      await postWith({ fault: 'unavailable', call: 'open', at: 1 }),
    );
    expect([status, refusal?.code]).toEqual([503, 'context-unavailable']);
  });

  it('tells its reader that the process is gone which wrote the report', async () => {
    const reading = readTask(await postWith({ fault: 'kill', at: 6 }));
    await clock.advance(15_000);
    const { task } = await reading;
    expect(task.error).toMatchObject({ code: 'lost', retryable: true });
  });
});
