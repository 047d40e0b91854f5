// A task that somebody may not know is looked for like one that does not exist, and as long.
import { createTaskRoute, defineTask, type TaskStreamContext } from 'ai-task-stream/server';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { afterEach, expect, it } from 'vitest';
import { toTaskStreamContext } from '../../src/server/to-task-stream-context';
import { createDeferred, turns } from '../helpers/async';
import { createMemoryBus } from '../helpers/memory-bus';
import { createRedisInstances, withEachClient } from '../helpers/redis-contexts';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId } from '../helpers/tasks';

const instances = createRedisInstances();
let proxies: FaultProxy[] = [];

afterEach(async () => {
  await instances.close();
  await Promise.all(proxies.map((proxy) => proxy.close()));
  proxies = [];
});

function ask(method: 'GET' | 'DELETE', taskId: string, user: string): Request {
  const headers = { 'x-user': user };
  return new Request(`http://localhost/task?taskId=${taskId}`, { method, headers });
}

/** Starts a task of Ada's, and asks for it where it runs as others do. */
async function expectSameRoad(
  streamContext: TaskStreamContext,
  /** The names of the commands since the last call. */
  takeCommands: () => string[],
  methods: readonly ('GET' | 'DELETE')[] = ['GET', 'DELETE'],
): Promise<void> {
  const gate = createDeferred();
  const routeOf = (name: string) =>
    createTaskRoute(defineTask({ name, execute: () => gate.promise, heartbeatMs: 600_000 }), {
      streamContext,
      owner: (request) => request.headers.get('x-user') ?? undefined,
    });
  const [own, other] = [routeOf('own'), routeOf('other')];
  const taskId = createId();
  const started = await own.POST(
    new Request('http://localhost/task', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': 'ada' },
      body: JSON.stringify({ taskId }),
    }),
  );
  // Redis knows the scripts from here on.
  await streamContext.inspect(createId());
  await streamContext.cancel(createId());
  await turns();
  const roadOf = async (route: typeof own, method: 'GET' | 'DELETE', id: string, user: string) => {
    takeCommands();
    expect((await route[method](ask(method, id, user))).status).toBe(404);
    await turns();
    return takeCommands();
  };
  for (const method of methods) {
    const unknown = await roadOf(own, method, createId(), 'eve');
    expect(unknown.length).toBeGreaterThan(0);
    expect(await roadOf(own, method, taskId, 'eve')).toEqual(unknown);
    expect(await roadOf(other, method, taskId, 'ada')).toEqual(unknown);
  }
  gate.resolve();
  expect(await started.text()).toContain('"status":"completed"');
}

it('asks Redis as much for a task of somebody else, which runs here, as for one that is none', () =>
  withEachClient(async (kind) => {
    const proxy = await startFaultProxy(sharedRedisUrl());
    proxies.push(proxy);
    let commands: string[] = [];
    proxy.tally(([name]) => {
      commands.push(name);
      return false;
    });
    const { context } = await instances.openListening({ url: proxy.url, kind });
    await expectSameRoad(context, () => {
      const taken = commands;
      commands = [];
      return taken;
    });
  }));

it('asks a context of resumable-stream as much for a task of somebody else as for one that is none', async () => {
  const bus = createMemoryBus();
  let commands: string[] = [];
  bus.onCommand = (command) => {
    commands.push(command);
  };
  const context = createResumableStreamContext({ waitUntil: null, ...bus.createClients() });
  const takeCommands = () => {
    const taken = commands;
    commands = [];
    return taken;
  };
  await expectSameRoad(toTaskStreamContext(context), takeCommands, ['GET']);
});
