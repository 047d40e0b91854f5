import type { RedisStreamContextOptions } from 'ai-task-stream/redis';
import type { TaskStreamContext } from 'ai-task-stream/server';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDeferred, until } from '../helpers/async';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { type RedisServer, startRedis } from '../helpers/redis-server';
import { createId, follow } from '../helpers/tasks';

let server: RedisServer;
let admin: RedisAdmin;
const contexts: TaskStreamContext[] = [];

beforeEach(async () => {
  server = await startRedis();
  admin = await connectAdmin(server.url);
});

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  await until(async () => (await admin.clients()).length === 0);
  vi.unstubAllEnvs();
  vi.resetModules();
  admin.close();
  await server.stop();
});

/** What a bundler does after an edit: it runs the modules anew, and leaves those before as they are. */
async function edit(options: RedisStreamContextOptions): Promise<TaskStreamContext> {
  vi.resetModules();
  const { createRedisStreamContext } = await import('ai-task-stream/redis');
  const context = createRedisStreamContext(options);
  contexts.push(context);
  const { streamTask } = await import('ai-task-stream/server');
  const task = streamTask({ streamContext: context, execute: () => 'done' });
  // With a reader, so that both connections are there.
  expect(await (await task.toResponse()).text()).toContain('"done"');
  await until(async () => (await subscribers()) > 0);
  return context;
}

const subscribers = async () =>
  (await admin.clients()).filter((client) => client.get('sub') !== '0').length;

async function expectConnections(
  expected: number,
  { edits, options }: { edits: number; options: (index: number) => RedisStreamContextOptions },
): Promise<void> {
  for (let index = 0; index < edits; index++) await edit(options(index));
  const count = async () => (await admin.clients()).length;
  // A context begins to listen when its first task is there already.
  await until(async () => (await count()) >= expected);
  expect(await count()).toBe(expected);
}

const ways: [string, () => RedisStreamContextOptions][] = [
  ['a url', () => ({ url: server.url, onError: () => {} })],
  ['an address in the environment', () => ({})],
  ['a client of `redis`', () => ({ client: createClient({ url: server.url }) })],
  ['a client of `ioredis`', () => ({ client: new Redis(server.url, { lazyConnect: true }) })],
];

it.each(ways)('in development, five edits keep the two connections by %s', async (_, options) => {
  vi.stubEnv('NODE_ENV', 'development');
  vi.stubEnv('REDIS_URL', server.url);
  await expectConnections(2, { edits: 5, options });
  // All but one are closed.
  for (const context of contexts.splice(1)) await context.close();
  await contexts[0]?.inspect(createId());
  expect((await admin.clients()).length).toBe(2);
});

it('in development, an edit leaves a task running, and the new code follows it', async () => {
  vi.stubEnv('NODE_ENV', 'development');
  const before = await edit({ url: server.url });
  const { streamTask } = await import('ai-task-stream/server');
  const gate = createDeferred();
  const task = streamTask({ streamContext: before, execute: () => gate.promise });
  const after = await edit({ url: server.url });
  await before.close();
  const response = await follow(after, task.taskId);
  gate.resolve();
  expect(await response.text()).toContain('"completed"');
});

it('in development, trouble is told to the newest code', async () => {
  vi.stubEnv('NODE_ENV', 'development');
  const told: string[] = [];
  const context = await edit({ url: server.url, onError: () => told.push('old') });
  await edit({ url: server.url, onError: () => told.push('new') });
  await server.stop();
  await expect(context.inspect(createId())).rejects.toThrow();
  expect(new Set(told)).toEqual(new Set(['new']));
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  server = await startRedis();
  admin.close();
  admin = await connectAdmin(server.url);
});

it('in development, contexts of other settings are others', async () => {
  vi.stubEnv('NODE_ENV', 'development');
  const others = [
    { url: server.url },
    { url: `${server.url}/1` },
    { url: server.url, keyPrefix: 'other' },
    { url: server.url, retentionMs: 1 },
    { client: createClient({ url: server.url }) },
    { client: createClient({ url: server.url, database: 1 }) },
  ];
  const options = (index: number) => others[index] ?? {};
  await expectConnections(2 * others.length, { edits: others.length, options });
});

it('makes a new one after the last was closed', async () => {
  vi.stubEnv('NODE_ENV', 'development');
  await (await edit({ url: server.url })).close();
  const context = await edit({ url: server.url });
  expect(await context.inspect(createId())).toBeUndefined();
});

it.each(['production', 'test', undefined])(
  'gives each maker a context of its own when NODE_ENV is %s',
  async (environment) => {
    vi.stubEnv('NODE_ENV', environment);
    await expectConnections(4, { edits: 2, options: () => ({ url: server.url }) });
  },
);
