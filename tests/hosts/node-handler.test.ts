import { request as httpRequest } from 'node:http';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createTaskRoute, defineTask, toNodeHandler } from 'ai-task-stream/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDeferred } from '../helpers/async';
import { withServer } from '../helpers/http-server';
import { chunksIn } from '../helpers/sse';
import { startOwnTask } from '../helpers/tasks';

const echo = defineTask({ name: 'echo', execute: ({ input }) => ({ input }) });
const handle = toNodeHandler(createTaskRoute(echo));

afterEach(() => {
  vi.restoreAllMocks();
});

/** Starts the task behind something that reads bodies, and leaves what it makes of them. */
function startBehind(parse: (body: string) => unknown): Promise<Response> {
  return withServer(
    async (request, response) => {
      const body = parse(await text(request));
      await handle(Object.assign(request, { body }), response);
    },
    async (origin) => {
      const response = await fetch(origin, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ input: 'Grüße' }),
      });
      return new Response(await response.text(), response);
    },
  );
}

describe('toNodeHandler behind a body parser', () => {
  it.each<[string, (body: string) => unknown]>([
    ['an object', JSON.parse],
    ['text', (body) => body],
    ['bytes', (body) => Buffer.from(body)],
  ])('takes %s that it has left', async (_what, parse) => {
    const response = await startBehind(parse);
    expect(response.status).toBe(200);
    expect(chunksIn(await response.text())).toContainEqual(
      expect.objectContaining({
        type: 'data-task-settle',
        data: expect.objectContaining({ result: { input: 'Grüße' } }),
      }),
    );
  });

  it('says what to do when it has left nothing', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {});
    const response = await startBehind(() => undefined);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      error: {
        code: 'unreadable-body',
        message:
          'Somebody has read the body already, and left nothing in `request.body`. Serve the route before body parsers, or put there what they made of it.',
      },
    });
    expect(reported).toHaveBeenCalledOnce();
  });

  it('reads the body itself when the parser has left that alone', async () => {
    await withServer(
      // As Express 4 does for a type that its parser does not know.
      (request, response) => handle(Object.assign(request, { body: {} }), response),
      async (origin) => {
        const response = await fetch(origin, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ input: 1 }),
        });
        expect(await response.text()).toContain('"result":{"input":1}');
      },
    );
  });
});

describe('toNodeHandler', () => {
  it('is not troubled by a client that leaves while it sends its body', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {});
    let handled: Promise<void> | undefined;
    await withServer(
      (request, response) => {
        handled = handle(request, response);
      },
      async (origin) => {
        const headers = { 'content-type': 'application/json', 'content-length': '1000' };
        const outgoing = httpRequest(origin, { method: 'POST', headers });
        outgoing.on('error', () => {});
        outgoing.write('{');
        while (!handled) await new Promise((resolve) => setTimeout(resolve, 5));
        outgoing.destroy();
        await handled;
      },
    );
    expect(reported).not.toHaveBeenCalled();
  });
});

describe('pipeToResponse over HTTP/2', () => {
  it('resolves at once for a client that has left already', async () => {
    const gate = createDeferred();
    const { task } = startOwnTask({ execute: () => gate.promise });
    const piped = createDeferred();
    const server = createServer((_request, response) => {
      response.once('close', () => {
        task.pipeToResponse(response).then(piped.resolve, piped.reject);
      });
      response.stream.session?.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as AddressInfo;
    const session = connect(`http://localhost:${port}`);
    for (const end of [session, session.request()]) end.on('error', () => {});
    await piped.promise;
    session.destroy();
    await new Promise((resolve) => server.close(resolve));
    gate.resolve();
    await task.result;
  });
});
