import {
  cancelTask,
  createTaskRoute,
  defineTask,
  resumeTask,
  streamTask,
  toResumableStreamContext,
} from 'ai-task-stream/server';
import { beforeEach, describe, expect, it } from 'vitest';
import { aborted, createDeferred, type Deferred } from '../../helpers/async';
import { createId, createOwnContext } from '../../helpers/tasks';

function ask(method: 'GET' | 'DELETE', taskId: string): Request {
  return new Request(`http://localhost/task?taskId=${taskId}`, { method });
}

function post(taskId?: string): Request {
  return new Request('http://localhost/task', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ taskId }),
  });
}

describe('a route', () => {
  let streamContext: ReturnType<typeof createOwnContext>;
  let gate: Deferred<void>;
  let taskId: string;

  beforeEach(() => {
    streamContext = createOwnContext();
    gate = createDeferred();
    taskId = createId();
  });

  const routeOf = (name: string, options = {}) =>
    createTaskRoute(
      defineTask({
        name,
        execute: ({ signal }) => Promise.race([gate.promise, aborted(signal)]),
      }),
      { streamContext, ...options },
    );

  it('shows, joins and cancels no task that another route’s `authorize` has let in (R-HTTP-9)', async () => {
    const admin = routeOf('admin-report');
    const anyone = routeOf('report');
    const own = await admin.POST(post(taskId));
    for (const answer of [
      await anyone.GET(ask('GET', taskId)),
      await anyone.DELETE(ask('DELETE', taskId)),
      await anyone.POST(post(taskId)),
    ]) {
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: { code: 'not-found' } });
    }
    gate.resolve();
    expect(await own.text()).toContain('"status":"completed"');
    expect((await anyone.GET(ask('GET', taskId))).status).toBe(404);
    expect((await anyone.POST(post(taskId))).status).toBe(404);
    expect((await admin.GET(ask('GET', taskId))).status).toBe(200);
  });

  it('keeps an early cancel for tasks of its own definition only (R-HTTP-9)', async () => {
    const admin = routeOf('admin-report');
    const anyone = routeOf('report');
    expect((await anyone.DELETE(ask('DELETE', taskId))).status).toBe(404);
    const own = await admin.POST(post(taskId));
    gate.resolve();
    expect(await own.text()).toContain('"status":"completed"');

    const other = createId();
    expect((await anyone.DELETE(ask('DELETE', other))).status).toBe(404);
    expect(await (await anyone.POST(post(other))).text()).toContain('"status":"cancelled"');
  });

  it('answers 404 for a task of another definition also when no more may run', async () => {
    const admin = routeOf('admin-report');
    const anyone = routeOf('report', { maxConcurrent: 1 });
    const own = await admin.POST(post(taskId));
    const running = await anyone.POST(post());
    expect((await anyone.POST(post(taskId))).status).toBe(404);
    expect((await anyone.POST(post(createId()))).status).toBe(429);
    gate.resolve();
    await Promise.all([own.text(), running.text()]);
  });

  it('shares its tasks with other routes of the same definition', async () => {
    const [first, second] = [routeOf('report'), routeOf('report')];
    const own = await first.POST(post(taskId));
    expect((await second.DELETE(ask('DELETE', taskId))).status).toBe(200);
    expect(await own.text()).toContain('"status":"cancelled"');
  });

  it('knows nothing of tasks that the host has started without a definition', async () => {
    const task = streamTask({ taskId, streamContext, execute: () => gate.promise });
    const own = await task.toResponse();
    const route = routeOf('report');
    expect((await route.GET(ask('GET', taskId))).status).toBe(404);
    expect((await route.DELETE(ask('DELETE', taskId))).status).toBe(404);
    expect((await route.POST(post(taskId))).status).toBe(404);
    gate.resolve();
    expect(await own.text()).toContain('"status":"completed"');
  });

  it('leaves its tasks to whoever uses the context on the server', async () => {
    const route = routeOf('report');
    const own = await route.POST(post(taskId));
    const followed = await resumeTask({ taskId, streamContext }).toResponse();
    const joined = await streamTask({ taskId, streamContext, execute: () => {} }).toResponse();
    expect([followed.status, joined.status]).toEqual([200, 200]);
    expect(await streamContext.inspect(taskId)).toMatchObject({ definition: 'report' });
    expect(await cancelTask({ taskId, streamContext })).toBe(true);
    for (const response of [own, followed, joined]) {
      expect(await response.text()).toContain('"status":"cancelled"');
    }
    const early = createId();
    await cancelTask({ taskId: early, streamContext });
    expect(await (await route.POST(post(early))).text()).toContain('"status":"cancelled"');
  });

  it('has tasks that are no streams of strings for whoever knows their id', async () => {
    const own = await routeOf('report').POST(post(taskId));
    const strings = toResumableStreamContext(streamContext);
    expect(await strings.hasExistingStream(taskId)).toBeNull();
    expect(await strings.resumeExistingStream(taskId)).toBeUndefined();
    gate.resolve();
    await own.text();
  });
});
