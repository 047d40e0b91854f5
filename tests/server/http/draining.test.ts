// Responses of a process that takes leave, over real HTTP.
import { createTaskRoute, defineTask, resumeTask, toNodeHandler } from 'ai-task-stream/server';
import { createTaskStream } from 'ai-task-stream/ui';
import { afterEach, describe, expect, it } from 'vitest';
import { createDeferred, until } from '../../helpers/async';
import { type HttpServer, startHttpServer } from '../../helpers/http-server';
import { createSharedMemory } from '../../helpers/shared-memory';
import { createId } from '../../helpers/tasks';

let servers: HttpServer[] = [];

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

/** Two processes that serve a task; no heartbeat interval ends within the test. */
async function serveTwo() {
  const gate = createDeferred();
  const held = defineTask({
    name: 'held',
    heartbeatMs: 60_000,
    execute: async ({ task }) => {
      task.log('Begun');
      await gate.promise;
      return 'done';
    },
  });
  const connect = createSharedMemory();
  const serve = async () => {
    const context = connect();
    const route = createTaskRoute(held, { streamContext: context });
    const server = await startHttpServer(toNodeHandler(route));
    servers.push(server);
    return { context, route, server };
  };
  const [here, there] = [await serve(), await serve()];
  const taskId = createId();
  held.start(undefined, { streamContext: there.context, taskId });
  await until(async () => (await there.context.inspect(taskId)) !== undefined);
  const follow = (at: HttpServer) => fetch(`${at.origin}/?taskId=${taskId}`);
  return { here, there, taskId, follow, end: gate.resolve };
}

describe('the responses of a process that drains', () => {
  it('end as cut ones, while the task goes on elsewhere, and `drain` waits for them (R-DRAIN-5)', async () => {
    const { here, taskId, follow, end, there } = await serveTwo();
    const inFetch = await here.route.GET(new Request(`${here.server.origin}/?taskId=${taskId}`));
    const others = [await follow(here.server), await follow(here.server), inFetch];
    const ended: string[] = [];
    const texts = Promise.all(
      others.map(async (response) => {
        const text = await response.text();
        ended.push('response');
        return text;
      }),
    );
    const drained = here.context.drain?.({ timeoutMs: 800 }).then(() => ended.push('drained'));
    for (const text of await texts) {
      expect(text).toContain('Begun');
      expect(text).not.toContain('data-task-settle');
      expect(text).not.toContain('[DONE]');
    }
    await drained;
    expect(await there.context.inspect(taskId)).toMatchObject({ status: 'running' });
    end();
  });

  it('say that their connection is closed, if they have begun since; refusals, too (R-DRAIN-5)', async () => {
    const { here, there, follow, end } = await serveTwo();
    const before = await follow(here.server);
    expect(before.headers.get('connection')).toBe('keep-alive');
    const work = createDeferred();
    here.context.draining?.track(work.promise);
    const drained = here.context.drain?.({ timeoutMs: 60_000 });
    const during = await follow(here.server);
    expect(during.headers.get('connection')).toBe('close');
    const refused = await fetch(here.server.origin, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: null }),
    });
    expect(refused.headers.get('connection')).toBe('close');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    const elsewhere = await follow(there.server);
    expect(elsewhere.headers.get('connection')).toBe('keep-alive');
    end();
    for (const response of [before, during, elsewhere]) {
      expect(await response.text()).toContain('[DONE]');
    }
    work.resolve();
    await drained;
  });

  it('let a page go on at another process at once: it waits for no heartbeat (R-CLIENT-2)', async () => {
    const { here, there, taskId, end } = await serveTwo();
    let at = here.server;
    const asked: string[] = [];
    const stream = createTaskStream({
      api: here.server.origin,
      fetch: (url: RequestInfo | URL, init?: RequestInit) => {
        asked.push(at.origin);
        return fetch(String(url).replace(here.server.origin, at.origin), init);
      },
    });
    void stream.resume(taskId);
    await until(() => stream.getState().logs.length === 1);
    at = there.server;
    await here.context.drain?.({ timeoutMs: 80 });
    await until(() => asked.length === 2);
    end();
    await until(() => stream.getState().status === 'completed');
    expect(asked).toEqual([here.server.origin, there.server.origin]);
    stream.dispose();
  });

  it('are not waited for when nobody reads them', async () => {
    const { here, taskId, end } = await serveTwo();
    const unread = await resumeTask({ taskId, streamContext: here.context }).toResponse();
    await here.context.drain?.();
    await unread.body?.cancel();
    end();
  });
});
