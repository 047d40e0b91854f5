import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import {
  createTaskRoute,
  defineTask,
  resumeTask,
  type TaskRoute,
  toNodeHandler,
} from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { aborted, createDeferred, turns, until } from '../../helpers/async';
import { withServer } from '../../helpers/http-server';
import { rawRequest, sendRaw } from '../../helpers/raw-http';
import { cursorsIn, typesIn, withoutHeartbeats } from '../../helpers/sse';
import { createId, createOwnContext, startOwnTask } from '../../helpers/tasks';

const headers = { 'content-type': 'application/json' };

function createRoute(execute: (signal: AbortSignal) => unknown, cancelOnDisconnect = false) {
  const task = defineTask({ name: 'draw', execute: ({ signal }) => execute(signal) });
  return createTaskRoute(task, {
    streamContext: createOwnContext(),
    cancelOnDisconnect,
    onError: () => {},
  });
}

describe('toNodeHandler', () => {
  it('keeps every cookie, and cuts the connection when the body fails', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {});
    const failing = new ReadableStream({
      pull(controller) {
        controller.error(new Error('The storage broke.'));
      },
    });
    const answer = async () => {
      const response = new Response(failing);
      response.headers.append('set-cookie', 'a=1');
      response.headers.append('set-cookie', 'b=2');
      return response;
    };
    const route: TaskRoute = { POST: answer, GET: answer, DELETE: answer };
    await withServer(toNodeHandler(route), async (origin) => {
      const request = httpRequest(origin).end();
      const [response]: IncomingMessage[] = await once(request, 'response');
      expect(response?.headers['set-cookie']).toEqual(['a=1', 'b=2']);
      await expect(response?.toArray()).rejects.toThrow();
    });
    expect(reported).toHaveBeenCalledOnce();
    reported.mockRestore();
  });

  it('serves POST, GET and DELETE over HTTP', async () => {
    const route = createRoute(() => 42);
    await withServer(toNodeHandler(route), async (origin) => {
      const taskId = createId();
      const body = JSON.stringify({ taskId, input: { text: 'ä'.repeat(100_000) } });
      const started = await fetch(origin, { method: 'POST', headers, body });
      expect(started.status).toBe(200);
      expect(started.headers.get('x-task-id')).toBe(taskId);
      expect(started.headers.get('content-type')).toBe('text/event-stream');
      expect(started.headers.get('cache-control')).toBe('no-cache, no-transform');
      const text = withoutHeartbeats(await started.text());
      expect(typesIn(text).at(-1)).toBe('finish');
      const followed = await fetch(`${origin}/?taskId=${taskId}`);
      expect(withoutHeartbeats(await followed.text())).toBe(text);
      const rest = await fetch(`${origin}/?taskId=${taskId}`, {
        headers: { 'last-event-id': cursorsIn(text)[3] ?? '' },
      });
      const last = cursorsIn(text)[4];
      expect(cursorsIn(await rest.text())).toEqual([last]);
      const end = await fetch(`${origin}/?taskId=${taskId}&lastEventId=${last}`);
      expect(end.status).toBe(204);
      expect(await end.text()).toBe('');
      const cancelled = await fetch(`${origin}/?taskId=${taskId}`, { method: 'DELETE' });
      expect(await cancelled.json()).toEqual({ cancelled: false });
      const bad = await fetch(origin, { method: 'POST', headers, body: 'nonsense' });
      expect(bad.status).toBe(400);
      expect(await bad.json()).toMatchObject({ error: { code: 'invalid-body' } });
    });
  });

  it.each(['PUT', 'PATCH', 'OPTIONS'])(
    'answers %s with 405 and what is allowed',
    async (method) => {
      await withServer(toNodeHandler(createRoute(() => 1)), async (origin) => {
        const response = await fetch(origin, { method });
        expect(response.status).toBe(405);
        expect(response.headers.get('allow')).toBe('POST, GET, DELETE');
        expect(await response.json()).toEqual({
          error: {
            code: 'method-not-allowed',
            message: 'Use POST to start a task, GET to follow and DELETE to cancel it.',
          },
        });
      });
    },
  );

  it('sends the first bytes before the work is done', async () => {
    const gate = createDeferred();
    await withServer(toNodeHandler(createRoute(() => gate.promise)), async (origin) => {
      const response = await fetch(origin, { method: 'POST', headers, body: '{}' });
      const reader = response.body?.getReader();
      const first = new TextDecoder().decode((await reader?.read())?.value);
      expect(first.startsWith('retry: 1000\n\n')).toBe(true);
      gate.resolve();
      while (!(await reader?.read())?.done) await turns(1);
    });
  });

  it.each([
    ['a path that begins with two slashes', ['GET //?taskId=short HTTP/1.1', 'Host: x'], 400],
    ['a Host that is no host', ['GET /?taskId=short HTTP/1.1', 'Host: a b:c%'], 400],
    ['a Host with credentials', ['GET /?taskId=short HTTP/1.1', 'Host: a:b@c'], 400],
    ['an absolute address', ['GET http://elsewhere/?taskId=short HTTP/1.1', 'Host: x'], 400],
    ['an address that is none', ['GET http://[ HTTP/1.1', 'Host: x'], 400],
    ['no Host', ['GET /?taskId=short HTTP/1.0'], 400],
  ])('answers a request with %s, as any other', async (_what, head, status) => {
    await withServer(toNodeHandler(createRoute(() => 1)), async (origin) => {
      const bytes = rawRequest([...head, 'Connection: close']);
      const answer = await sendRaw(origin, bytes);
      expect(answer.text).toContain(`HTTP/1.1 ${status} `);
      expect(answer.text).toContain('"code":"invalid-task-id"');
    });
  });

  it('lets the task go on when the client leaves', async () => {
    const gate = createDeferred<string>();
    const handle = toNodeHandler(createRoute(() => gate.promise));
    const closed = createDeferred();
    await withServer(
      (request, response) => {
        handle(request, response).then(() => request.method === 'POST' && closed.resolve());
      },
      async (origin) => {
        const taskId = createId();
        const leaving = new AbortController();
        const body = JSON.stringify({ taskId });
        const response = await fetch(origin, {
          method: 'POST',
          headers,
          body,
          signal: leaving.signal,
        });
        await response.body?.getReader().read();
        leaving.abort();
        await closed.promise;
        gate.resolve('still here');
        const text = await (await fetch(`${origin}/?taskId=${taskId}`)).text();
        expect(text).toContain('"result":"still here"');
      },
    );
  });

  it('cancels the task when the client leaves, with cancelOnDisconnect', async () => {
    const handle = toNodeHandler(createRoute((signal) => aborted(signal), true));
    await withServer(handle, async (origin) => {
      const taskId = createId();
      const leaving = new AbortController();
      const body = JSON.stringify({ taskId });
      const response = await fetch(origin, {
        method: 'POST',
        headers,
        body,
        signal: leaving.signal,
      });
      await response.body?.getReader().read();
      leaving.abort();
      const text = await (await fetch(`${origin}/?taskId=${taskId}`)).text();
      expect(typesIn(text).at(-1)).toBe('abort');
    });
  });
});

describe('pipeToResponse', () => {
  it('sends the task with the headers of the host, and resolves at the end', async () => {
    const { task, streamContext } = startOwnTask({ execute: () => 42 });
    const done = vi.fn();
    await withServer(
      (request, response) => {
        const { taskId } = task;
        const source = request.url === '/resume' ? resumeTask({ taskId, streamContext }) : task;
        source.pipeToResponse(response, { headers: { 'x-own': '1' } }).then(done);
      },
      async (origin) => {
        for (const path of ['/', '/resume']) {
          const response = await fetch(origin + path);
          expect(response.headers.get('x-own')).toBe('1');
          expect(typesIn(await response.text()).at(-1)).toBe('finish');
        }
        await until(() => done.mock.calls.length === 2);
      },
    );
  });

  it('waits while the socket is full', async () => {
    const line = 'x'.repeat(10_000);
    const total = 3_000;
    const { task } = startOwnTask({
      execute: ({ writer }) => {
        for (let n = 0; n < total; n++) writer.write({ type: 'data-n', data: line });
      },
    });
    await task.result;
    let written = 0;
    await withServer(
      (_request, response) => {
        const write = response.write.bind(response);
        response.write = ((chunk: Uint8Array) => {
          written += chunk.byteLength;
          return write(chunk);
        }) as typeof response.write;
        void task.pipeToResponse(response);
      },
      async (origin) => {
        const request = httpRequest(origin).end();
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        response.pause();
        // It stands still once the buffers of both sockets are full.
        for (let last = -1; last !== written; ) {
          last = written;
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        expect(written).toBeGreaterThan(0);
        expect(written).toBeLessThan(total * line.length * 0.7);
        let text = '';
        for await (const bytes of response) text += bytes;
        expect(cursorsIn(text)).toHaveLength(total + 5);
      },
    );
  });

  it('leaves the task when the client has left while the socket was full', async () => {
    const { task } = startOwnTask({
      execute: ({ writer }) => {
        for (let n = 0; n < 3_000; n++) writer.write({ type: 'data-n', data: 'x'.repeat(10_000) });
      },
    });
    await task.result;
    const piped = createDeferred();
    await withServer(
      (_request, response) => {
        task.pipeToResponse(response).then(piped.resolve, piped.reject);
      },
      async (origin) => {
        const request = httpRequest(origin).end();
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        response.pause();
        await turns(50);
        response.destroy();
        await piped.promise;
      },
    );
  });

  it('resolves at once for a client that has left already', async () => {
    const gate = createDeferred();
    const { task } = startOwnTask({ execute: () => gate.promise });
    const piped = createDeferred();
    await withServer(
      (request, response) => {
        request.socket.destroy();
        response.once('close', () => {
          task.pipeToResponse(response).then(piped.resolve, piped.reject);
        });
      },
      async (origin) => {
        await expect(fetch(origin)).rejects.toThrow();
        await piped.promise;
      },
    );
    gate.resolve();
    await task.result;
  });

  it('flushes through a compression that has been put in front', async () => {
    const { task } = startOwnTask({ execute: () => 1 });
    const flush = vi.fn();
    await withServer(
      (_request, response) => {
        void task.pipeToResponse(Object.assign(response, { flush }));
      },
      async (origin) => {
        await (await fetch(origin)).text();
      },
    );
    expect(flush).toHaveBeenCalled();
  });
});

describe('a route behind node:http', () => {
  it('serves a request that a host has made up, without a body to iterate', async () => {
    const handle = toNodeHandler(createRoute(() => 1));
    await withServer(
      (_request, response) => {
        const made = { method: 'GET', url: '/?taskId=short', headers: {} };
        void handle(made as unknown as Parameters<typeof handle>[0], response);
      },
      async (origin) => {
        expect((await fetch(origin)).status).toBe(400);
      },
    );
  });

  it('has the type that toNodeHandler takes', () => {
    const route: TaskRoute = createRoute(() => 1);
    expect(Object.keys(route)).toEqual(['POST', 'GET', 'DELETE']);
  });
});
