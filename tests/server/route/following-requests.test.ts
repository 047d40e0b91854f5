import { createTaskRoute, defineTask, resumeTask } from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { aborted, createDeferred } from '../../helpers/async';
import { cursorsIn, storedChunksIn, typesIn, withoutHeartbeats } from '../../helpers/sse';
import { createId, createOwnContext } from '../../helpers/tasks';
import { answerOf, createRoute, del, get, input, invalidTaskId, notFound, post } from './ask-route';

describe('GET', () => {
  it('follows a running task, and replays one that has settled from the cursor on', async () => {
    const gate = createDeferred();
    const { POST, GET } = createRoute({}, () => gate.promise);
    const taskId = createId();
    const first = await POST(post({ taskId, input }));
    const second = await GET(get(taskId));
    gate.resolve();
    const text = await first.text();
    expect(withoutHeartbeats(await second.text())).toBe(withoutHeartbeats(text));
    const from = (n: number) => GET(get(taskId, { 'last-event-id': cursorsIn(text)[n] ?? '' }));
    expect(typesIn(await (await from(2)).text())).toEqual(['data-task-settle', 'finish']);
    expect((await from(4)).status).toBe(204);
  });

  it.each(['short', '', 'has spaces in it ok'])(
    'answers the taskId %j with 400',
    async (taskId) => {
      const { GET } = createRoute();
      expect(await answerOf(await GET(get(taskId)))).toEqual(invalidTaskId);
    },
  );

  it('asks for the taskId that a request to follow or cancel leaves out', async () => {
    const { GET, DELETE } = createRoute();
    const request = new Request('http://localhost/task');
    const answers = [await GET(request), await DELETE(request)];
    const unnamed = resumeTask({ streamContext: createOwnContext() });
    for (const response of [...answers, await unnamed.toResponse()]) {
      expect(await answerOf(response)).toEqual({
        status: 400,
        body: {
          error: {
            code: 'invalid-task-id',
            message:
              'No task is named. Say which one with `taskId`, such as `?taskId=` in the address.',
          },
        },
      });
    }
  });

  it('answers an unknown task with 404 and a bad cursor with 400', async () => {
    const { GET, POST } = createRoute();
    expect(await answerOf(await GET(get(createId())))).toEqual(notFound);
    const taskId = createId();
    await (await POST(post({ taskId, input }))).text();
    expect(await answerOf(await GET(get(taskId, { 'last-event-id': 'abc' })))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid-cursor' } },
    });
  });
});

describe('DELETE', () => {
  it('stops a running task with the reason of the request', async () => {
    const { POST, DELETE } = createRoute({}, ({ signal }) => aborted(signal));
    const taskId = createId();
    const response = await POST(post({ taskId, input }));
    expect(await answerOf(await DELETE(del(taskId, 'No longer needed.')))).toEqual({
      status: 200,
      body: { cancelled: true },
    });
    expect(storedChunksIn(await response.text()).at(-1)).toEqual({
      type: 'abort',
      reason: 'No longer needed.',
    });
    expect(await answerOf(await DELETE(del(taskId)))).toEqual({
      status: 200,
      body: { cancelled: false },
    });
  });

  it('answers an unknown task with 404, and still stops it when it comes', async () => {
    const { POST, DELETE, execute } = createRoute();
    const taskId = createId();
    expect(await answerOf(await DELETE(del(taskId, 'Too soon.')))).toEqual(notFound);
    const response = await POST(post({ taskId, input }));
    expect(storedChunksIn(await response.text()).at(-1)).toEqual({
      type: 'abort',
      reason: 'Too soon.',
    });
    expect(execute).not.toHaveBeenCalled();
  });

  it('answers a malformed taskId with 400', async () => {
    const { DELETE } = createRoute();
    expect(await answerOf(await DELETE(del('short')))).toEqual(invalidTaskId);
  });

  it.each(['inspect', 'cancel'] as const)(
    'answers 503 when the storage cannot %s',
    async (method) => {
      const streamContext = createOwnContext();
      vi.spyOn(streamContext, method).mockRejectedValue(new Error('secret'));
      const { DELETE } = createRoute({ streamContext });
      const response = await DELETE(del(createId()));
      expect(response.headers.get('retry-after')).toBe('1');
      expect(await answerOf(response)).toMatchObject({
        status: 503,
        body: { error: { code: 'context-unavailable' } },
      });
    },
  );
});

describe('a handler', () => {
  it('answers even when onError throws', async () => {
    const { error } = console;
    const printed: unknown[] = [];
    console.error = (...parts: unknown[]) => printed.push(parts);
    try {
      const { POST } = createRoute({
        authorize: () => {
          throw new Error('one');
        },
        onError: () => {
          throw new Error('two');
        },
      });
      expect((await POST(post({ input }))).status).toBe(500);
      expect(printed).toHaveLength(1);
    } finally {
      console.error = error;
    }
  });

  it('uses the memory of the process when no context is given', async () => {
    const task = defineTask({ name: 'default', execute: () => 1 });
    const taskId = createId();
    await (await createTaskRoute(task).POST(post({ taskId }))).text();
    // Another route, as another module of the same application would make it.
    const response = await createTaskRoute(task).GET(get(taskId));
    expect(typesIn(await response.text()).at(-1)).toBe('finish');
  });
});
