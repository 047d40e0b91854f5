// What is refused may have a body that nobody reads to its end. Whatever comes after it, on the
// same connection, must not suffer: proxies send the requests of other people over it.
import { createServer } from 'node:http';
import { type ClientHttp2Session, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import {
  createTaskRoute,
  defineTask,
  type NodeRequest,
  type NodeResponse,
  type TaskRoute,
  toNodeHandler,
} from 'ai-task-stream/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDeferred, turns, until } from '../../helpers/async';
import { type HttpServer, startHttpServer } from '../../helpers/http-server';
import { withHttp2Session } from '../../helpers/http2-session';
import { type KeptConnection, openConnection } from '../../helpers/keep-alive';
import { createId, createOwnContext, startOwnTask } from '../../helpers/tasks';

const maxBodyBytes = 8 * 1024 * 1024;
const task = defineTask({ name: 'echo', execute: () => 'done' });
const gate = createDeferred();
const waiting = defineTask({ name: 'wait', execute: () => gate.promise });
const streamContext = createOwnContext();
const onError = () => {};

const away = {
  ...createOwnContext(),
  open: () => Promise.reject(new Error('The storage is away.')),
};
const ofSomebody = startOwnTask({
  streamContext,
  taskId: 'a-task-of-somebody',
  owner: 'somebody',
  execute: () => 1,
});

const open = createTaskRoute(task, { streamContext, maxBodyBytes, onError });
/** Routes whose POST is the host's own. */
const own = (POST: (request: Request) => Promise<Response>): TaskRoute => ({ ...open, POST });
const busy = createTaskRoute(waiting, { streamContext, maxConcurrent: 1, maxBodyBytes });

const routes: Record<string, TaskRoute> = {
  '/open': open,
  '/small': createTaskRoute(task, { streamContext, maxBodyBytes: 4_096, onError }),
  '/forbidden': createTaskRoute(task, {
    streamContext,
    maxBodyBytes,
    authorize: ({ action }) => action !== 'start',
  }),
  '/failing': createTaskRoute(task, {
    streamContext,
    maxBodyBytes,
    onError,
    authorize({ action }) {
      if (action === 'start') throw new Error('The session store is away.');
      return true;
    },
  }),
  '/busy': busy,
  '/away': createTaskRoute(task, { streamContext: away, maxBodyBytes, onError }),
  '/throws': own(() => Promise.reject(new Error('This host has a fault.'))),
  '/peeks': own(async (request) => {
    await request.body?.getReader().read();
    throw new Error('This host has a fault.');
  }),
  '/leaves': own(async (request) => {
    const reader = request.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    return new Response('no', { status: 400 });
  }),
  '/ignores': own(async () => new Response('no', { status: 401 })),
  '/copies': own(async (request) => {
    await request.clone().body?.getReader().read();
    return new Response('no', { status: 400 });
  }),
};

const json = 'application/json';
const text = (length: number) => 'x'.repeat(length);
const input = (length: number) => JSON.stringify({ input: text(length) });
const named = (taskId: string) => (length: number) =>
  JSON.stringify({ taskId, input: text(length) });

interface Refusal {
  what: string;
  status: number;
  path: string;
  method?: string;
  type?: string;
  body?: (length: number) => string;
}

const refusals: Refusal[] = [
  { what: 'a body that is too large', status: 413, path: '/small' },
  { what: 'a body of another type', status: 415, path: '/open', type: 'text/plain' },
  { what: 'a body that is no JSON', status: 400, path: '/open', body: text },
  { what: 'a malformed taskId', status: 400, path: '/open', body: named('short') },
  { what: 'what authorize forbids', status: 403, path: '/forbidden' },
  { what: 'what authorize fails at', status: 500, path: '/failing' },
  {
    what: 'a task of somebody else',
    status: 404,
    path: '/open',
    body: named('a-task-of-somebody'),
  },
  {
    what: 'a cancel of no task',
    status: 404,
    path: `/open?taskId=${createId()}`,
    method: 'DELETE',
  },
  { what: 'another method', status: 405, path: '/open', method: 'PUT' },
  { what: 'a GET with a body', status: 404, path: `/open?taskId=${createId()}`, method: 'GET' },
  { what: 'one task too many', status: 429, path: '/busy' },
  { what: 'a start while the storage is away', status: 503, path: '/away' },
  { what: 'a host that throws at once', status: 500, path: '/throws' },
  { what: 'a host that throws in the middle of the body', status: 500, path: '/peeks' },
  { what: 'a host that leaves in the middle of the body', status: 400, path: '/leaves' },
  { what: 'a host that reads no body', status: 401, path: '/ignores' },
  { what: 'a host that reads a copy of the body', status: 400, path: '/copies' },
];

const sizes = [10_000, 300_000, 2_000_000];

type Send = (connection: KeptConnection, head: string[], body: string) => Promise<void>;

const headOf = (lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;

const ways: Record<string, Send> = {
  async 'as a whole'(connection, head, body) {
    connection.write(headOf([...head, `Content-Length: ${body.length}`]) + body);
  },
  async 'in chunks'(connection, head, body) {
    connection.write(headOf([...head, 'Transfer-Encoding: chunked']));
    for (let at = 0; at < body.length; at += 65_536) {
      const chunk = body.slice(at, at + 65_536);
      connection.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    }
    connection.write('0\r\n\r\n');
  },
  async 'little by little'(connection, head, body) {
    connection.write(headOf([...head, `Content-Length: ${body.length}`]));
    for (let at = 0; at < body.length; at += 100_000) {
      await turns(3);
      connection.write(body.slice(at, at + 100_000));
    }
  },
  async 'when told to go on'(connection, head, body) {
    connection.write(headOf([...head, `Content-Length: ${body.length}`, 'Expect: 100-continue']));
    expect((await connection.answer()).status).toBe(100);
    connection.write(body);
  },
};

const handle = (request: NodeRequest, response: NodeResponse) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  return toNodeHandler(routes[pathname] ?? open)(request, response);
};

let server: HttpServer;
let origin: string;

beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  await ofSomebody.task.consume();
  await busy.POST(
    new Request('http://localhost', {
      method: 'POST',
      headers: { 'content-type': json },
      body: '{}',
    }),
  );
  server = await startHttpServer(handle);
  ({ origin } = server);
});

afterAll(async () => {
  gate.resolve();
  await server.stop();
  vi.restoreAllMocks();
});

const cases = refusals.flatMap((refusal) =>
  Object.entries(ways).map(([way, send]) => ({ ...refusal, way, send })),
);

describe('after a refusal, the same connection serves the next request', () => {
  it.each(cases)(
    '$status: $what, sent $way',
    async ({ status, path, send, method = 'POST', type = json, body = input }) => {
      const connection = await openConnection(origin);
      for (const size of sizes) {
        const head = [`${method} ${path} HTTP/1.1`, 'Host: localhost', `Content-Type: ${type}`];
        await send(connection, head, body(size));
        expect((await connection.answer()).status).toBe(status);
        connection.write(headOf([`GET /open?taskId=${createId()} HTTP/1.1`, 'Host: localhost']));
        const next = await connection.answer();
        expect(next.status).toBe(404);
        expect(next.body).toContain('not-found');
      }
      connection.close();
    },
  );

  it('also when the next request is there before the answer', async () => {
    const connection = await openConnection(origin);
    const body = input(300_000);
    const head = ['POST /small HTTP/1.1', 'Host: localhost', `Content-Type: ${json}`];
    const next = headOf([`GET /open?taskId=${createId()} HTTP/1.1`, 'Host: localhost']);
    connection.write(headOf([...head, `Content-Length: ${body.length}`]) + body + next);
    expect((await connection.answer()).status).toBe(413);
    expect((await connection.answer()).status).toBe(404);
    connection.close();
  });
});

describe('a client that never ends its body', () => {
  it.each(refusals.filter(({ status }) => [405, 413, 415].includes(status)))(
    'has its answer all the same ($status), and leaves nothing behind',
    async ({ status, path, method = 'POST', type = json, body = input }) => {
      const connection = await openConnection(origin);
      const head = [`${method} ${path} HTTP/1.1`, 'Host: localhost', `Content-Type: ${type}`];
      connection.write(headOf([...head, 'Content-Length: 9999999']) + body(300_000));
      expect((await connection.answer()).status).toBe(status);
      connection.close();
    },
  );

  it('is let go when it leaves', async () => {
    const handled = createDeferred();
    const other = createServer((request, response) => {
      handle(request, response).then(handled.resolve, handled.reject);
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const connection = await openConnection(`http://127.0.0.1:${port}`);
    const head = ['POST /open HTTP/1.1', 'Host: localhost', `Content-Type: ${json}`];
    connection.write(headOf([...head, 'Content-Length: 9999999']) + text(300_000));
    await turns(20);
    connection.close();
    await handled.promise;
    await new Promise((resolve) => other.close(resolve));
  });
});

describe('over HTTP/2', () => {
  /** The status of an answer, after the whole body was sent. */
  async function statusOf(
    session: ClientHttp2Session,
    request: { method: string; path: string; type?: string; body?: string },
  ): Promise<number> {
    const { method, path, type = json, body } = request;
    const stream = session.request({ ':method': method, ':path': path, 'content-type': type });
    // A server may end a stream whose body it does not want.
    stream.on('error', () => {});
    let status = 0;
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.resume();
    stream.end(body);
    await until(() => status > 0 && (stream.readableEnded || stream.closed));
    return status;
  }

  it('refused bodies leave the session to all others', async () => {
    const http2 = createHttp2Server((request, response) => void handle(request, response));
    await withHttp2Session(http2, async (session) => {
      for (const { what, status, path, method = 'POST', type, body = input } of refusals) {
        if (method === 'GET') continue;
        for (const size of sizes) {
          const refused = await statusOf(session, { method, path, type, body: body(size) });
          expect({ what, size, status: refused }).toEqual({ what, size, status });
          const next = { method: 'GET', path: `/open?taskId=${createId()}` };
          expect(await statusOf(session, next)).toBe(404);
        }
      }
    });
  });
});
