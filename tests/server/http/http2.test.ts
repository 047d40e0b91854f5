import {
  type ClientHttp2Session,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { text } from 'node:stream/consumers';
import { createTaskRoute, defineTask, type TaskRoute, toNodeHandler } from 'ai-task-stream/server';
import { describe, expect, it, vi } from 'vitest';
import { withServer } from '../../helpers/http-server';
import { withHttp2Session } from '../../helpers/http2-session';
import { openConnection } from '../../helpers/keep-alive';
import { rawRequest, sendRaw } from '../../helpers/raw-http';
import { typesIn } from '../../helpers/sse';
import { createId, createOwnContext, startOwnTask } from '../../helpers/tasks';

async function ask(
  session: ClientHttp2Session,
  method: string,
  path = '/',
): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  const stream = session.request({ ':method': method, ':path': path });
  stream.end();
  const answered = new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve));
  const body = await text(stream);
  return { headers: await answered, body };
}

function createRoute(): TaskRoute {
  const task = defineTask({ name: 'draw', execute: () => 42 });
  return createTaskRoute(task, { streamContext: createOwnContext() });
}

/** What every object has, by a name that a client may send. */
const inherited = [...Object.getOwnPropertyNames(Object.prototype), 'get', 'head', 'prototype'];

describe('a method that is named as a property of objects', () => {
  it('is not allowed over HTTP/2', async () => {
    const server = createServer(toNodeHandler(createRoute()));
    await withHttp2Session(server, async (session) => {
      for (const method of inherited) {
        const { headers, body } = await ask(session, method);
        expect({ method, status: headers[':status'] }).toEqual({ method, status: 405 });
        expect(headers.allow).toBe('POST, GET, DELETE');
        expect(JSON.parse(body).error.code).toBe('method-not-allowed');
      }
      expect((await ask(session, 'GET', `/?taskId=${createId()}`)).headers[':status']).toBe(404);
    });
  });

  it('never reaches us over HTTP/1, whose parser knows its methods', async () => {
    await withServer(toNodeHandler(createRoute()), async (origin) => {
      for (const method of inherited) {
        const lines = [`${method} / HTTP/1.1`, 'Host: localhost', 'Connection: close'];
        expect((await sendRaw(origin, rawRequest(lines))).status).toBe(400);
      }
    });
  });
});

describe('the headers of a stream', () => {
  it('say nothing about the connection', async () => {
    const { task } = startOwnTask({ execute: () => 42 });
    const response = await task.toResponse();
    expect(response.headers.has('connection')).toBe(false);
    await response.text();
  });

  it('suit `stream.respond` of node:http2', async () => {
    const { task } = startOwnTask({ execute: () => 42 });
    const server = createServer();
    server.on('stream', async (stream: ServerHttp2Stream) => {
      const response = await task.toResponse();
      stream.respond({ ':status': response.status, ...Object.fromEntries(response.headers) });
      for await (const bytes of response.body ?? []) stream.write(bytes);
      stream.end();
    });
    await withHttp2Session(server, async (session) => {
      const { headers, body } = await ask(session, 'GET');
      expect(headers['content-type']).toBe('text/event-stream');
      expect(typesIn(body).at(-1)).toBe('finish');
    });
  });

  it('cause no warning over HTTP/2, whatever the host adds to them', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    const { task } = startOwnTask({ execute: () => 42 });
    const headers = { connection: 'keep-alive', 'keep-alive': 'timeout=5', 'x-own': '1' };
    const server = createServer((_request, response) => {
      void task.pipeToResponse(response, { headers });
    });
    await withHttp2Session(server, async (session) => {
      const answer = await ask(session, 'GET');
      expect(answer.headers['x-own']).toBe('1');
      expect(answer.headers.connection).toBeUndefined();
    });
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });

  it('keep the connection alive over HTTP/1', async () => {
    const { task } = startOwnTask({ execute: () => 42 });
    await withServer(
      (_request, response) => void task.pipeToResponse(response),
      async (origin) => {
        const connection = await openConnection(origin);
        for (let round = 0; round < 2; round++) {
          connection.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
          const { headers, body } = await connection.answer();
          expect(headers.get('connection')).toBe('keep-alive');
          expect(body).toContain('[DONE]');
        }
        connection.close();
      },
    );
  });
});
