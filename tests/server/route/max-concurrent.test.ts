import {
  type CreateTaskRouteOptions,
  createTaskRoute,
  defineTask,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { createDeferred, type Deferred, turns, until } from '../../helpers/async';
import { typesIn } from '../../helpers/sse';
import { createId, createOwnContext } from '../../helpers/tasks';

/** A route whose tasks run until the test ends them, and that notes how many run at once. */
function createRoute(options: CreateTaskRouteOptions = {}) {
  const running: Deferred[] = [];
  let most = 0;
  const task = defineTask({
    name: 'work',
    execute: async () => {
      const gate = createDeferred();
      running.push(gate);
      most = Math.max(most, running.length);
      await gate.promise;
    },
  });
  const streamContext = options.streamContext ?? createOwnContext();
  const owner = (request: Request) => request.headers.get('x-user') ?? undefined;
  const route = createTaskRoute(task, { onError: () => {}, owner, ...options, streamContext });
  const end = () => running.shift()?.resolve();
  return { ...route, end, running: () => running.length, most: () => most };
}

function post(taskId?: string, user?: string): Request {
  return new Request('http://localhost/task', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(user && { 'x-user': user }) },
    body: JSON.stringify({ taskId }),
  });
}

const tooMany = {
  error: {
    code: 'too-many-tasks',
    message: 'No more than 2 tasks may run at once. Wait for one to end, or cancel one.',
    retryable: true,
  },
};

describe('maxConcurrent', () => {
  it('lets no more than so many run, and answers others with 429 (R-HTTP-7)', async () => {
    const { POST, end, running } = createRoute({ maxConcurrent: 2 });
    const first = await POST(post());
    const second = await POST(post());
    const third = await POST(post(createId()));
    expect(third.headers.get('retry-after')).toBe('5');
    expect([third.status, await third.json()]).toEqual([429, tooMany]);
    expect(running()).toBe(2);
    end();
    // Whoever has seen the outcome may start the next at once.
    await first.text();
    const fourth = await POST(post());
    expect(fourth.status).toBe(200);
    expect((await POST(post())).status).toBe(429);
    end();
    end();
    await Promise.all([second.text(), fourth.text()]);
  });

  it('holds under 100 POSTs at once, by GET as by POST', async () => {
    const route = createRoute({ maxConcurrent: 3, allowGet: true });
    const start = (count: number) =>
      count % 2
        ? route.POST(post(createId()))
        : route.GET(new Request(`http://localhost/task?taskId=${createId()}&input=1`));
    const responses = await Promise.all(Array.from({ length: 100 }, (_, count) => start(count)));
    const started = responses.filter(({ status }) => status === 200);
    expect(started).toHaveLength(3);
    expect(responses.filter(({ status }) => status === 429)).toHaveLength(97);
    expect(route.most()).toBe(3);
    for (const _ of started) route.end();
    for (const response of started) expect(typesIn(await response.text()).at(-1)).toBe('finish');
  });

  it('is counted for each owner, and once for all requests without one', async () => {
    const { POST, end } = createRoute({ maxConcurrent: 1 });
    const statuses: number[] = [];
    const started: Response[] = [];
    for (const user of ['ada', 'ada', 'eve', undefined, undefined]) {
      const response = await POST(post(undefined, user));
      statuses.push(response.status);
      if (response.ok) started.push(response);
    }
    expect(statuses).toEqual([200, 429, 200, 200, 429]);
    for (const _ of started) end();
    for (const response of started) await response.text();
  });

  it('does not count requests that join a task, or follow it', async () => {
    const { POST, GET, end, running } = createRoute({ maxConcurrent: 1 });
    const taskId = createId();
    // All at once: one of them starts it.
    const responses = await Promise.all(Array.from({ length: 10 }, () => POST(post(taskId))));
    responses.push(await POST(post(taskId)));
    responses.push(await GET(new Request(`http://localhost/task?taskId=${taskId}`)));
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
    expect(running()).toBe(1);
    expect((await POST(post())).status).toBe(429);
    end();
    const texts = await Promise.all(responses.map((response) => response.text()));
    expect(new Set(texts.map((text) => typesIn(text).at(-1)))).toEqual(new Set(['finish']));
    const replayed = await POST(post(taskId));
    const another = await POST(post());
    expect([replayed.status, another.status]).toEqual([200, 200]);
    end();
    await Promise.all([replayed.text(), another.text()]);
  });

  it('gives no hint of a task of somebody else', async () => {
    const { POST, end } = createRoute({ maxConcurrent: 1 });
    const taskId = createId();
    const mine = await POST(post(taskId, 'ada'));
    const theirs = await POST(post(undefined, 'eve'));
    const response = await POST(post(taskId, 'eve'));
    expect([response.status, (await response.json()).error.code]).toEqual([404, 'not-found']);
    end();
    end();
    await Promise.all([mine.text(), theirs.text()]);
  });

  it('loses no place to starts that fail', async () => {
    const away = createOwnContext();
    const openAgain = away.open;
    const flaky: TaskStreamContext = { ...away, open: vi.fn() };
    const { POST, end } = createRoute({ maxConcurrent: 1, streamContext: flaky });
    vi.mocked(flaky.open).mockRejectedValue(new Error('away'));
    const failed = await Promise.all(Array.from({ length: 20 }, () => POST(post(createId()))));
    expect(failed.map(({ status }) => status)).toEqual(failed.map(() => 503));
    vi.mocked(flaky.open).mockImplementation(openAgain);
    const response = await POST(post());
    expect(response.status).toBe(200);
    end();
    await response.text();
  });

  it('loses no place to options that are out of range, or to work that fails', async () => {
    const task = defineTask({ name: 'bad', graceMs: -1, execute: () => 1 });
    const settings = { maxConcurrent: 1, onError: () => {}, streamContext: createOwnContext() };
    const { POST } = createTaskRoute(task, settings);
    for (let count = 0; count < 3; count++) expect((await POST(post())).status).toBe(500);
    const failing = defineTask({
      name: 'failing',
      execute: () => Promise.reject(new Error('one')),
    });
    const route = createTaskRoute(failing, settings);
    for (let count = 0; count < 3; count++) {
      const response = await route.POST(post());
      expect([response.status, typesIn(await response.text()).at(-1)]).toEqual([200, 'error']);
    }
  });

  it('waits for starts under way before it refuses', async () => {
    const context = createOwnContext();
    const gate = createDeferred();
    const slow: TaskStreamContext = {
      ...context,
      open: async (...given) => {
        await gate.promise;
        return context.open(...given);
      },
    };
    const taskId = createId();
    const before = createRoute({ streamContext: context });
    const existing = await before.POST(post(taskId));
    const { POST, end } = createRoute({ maxConcurrent: 1, streamContext: slow });
    // Takes the only place, until it turns out that it joins.
    const joining = POST(post(taskId));
    await turns();
    const other = POST(post());
    await turns();
    gate.resolve();
    const responses = await Promise.all([joining, other]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    await until(() => before.running() === 1);
    before.end();
    end();
    await Promise.all([existing, ...responses].map((response) => response.text()));
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses to be %s', (maxConcurrent) => {
    expect(() => createRoute({ maxConcurrent })).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    );
  });
});
