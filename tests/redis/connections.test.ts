import { setTimeout as sleep } from 'node:timers/promises';
import { TaskError } from 'ai-task-stream';
import { createRedisStreamContext, type RedisStreamContextOptions } from 'ai-task-stream/redis';
import { streamTask } from 'ai-task-stream/server';
import { Redis } from 'ioredis';
import { createClient, createClientPool, createSentinel } from 'redis';
import { createClient as createClientV4 } from 'redis-v4';
import { createClient as createClientV5 } from 'redis-v5';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { block, turns, until } from '../helpers/async';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { createHostClient, withEachClient } from '../helpers/redis-contexts';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { type RedisServer, startRedis } from '../helpers/redis-server';
import { createId, follow } from '../helpers/tasks';

let server: RedisServer;
let admin: RedisAdmin;
let proxy: FaultProxy;

beforeEach(async () => {
  server = await startRedis();
  admin = await connectAdmin(server.url);
  proxy = await startFaultProxy(server.url);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  admin.close();
  await proxy.close();
  await server.stop();
});

it.each<[string, () => RedisStreamContextOptions]>([
  ['the URL is of something else', () => ({ url: 'http://localhost:6379' })],
  ['the URL is none', () => ({ url: 'redis://:password@host:port' })],
  ['the client is none', () => ({ client: { duplicate: () => {}, on: () => {} } })],
  [
    'the client is one for Sentinels of `redis`',
    () => ({
      client: createSentinel({
        name: 'master',
        sentinelRootNodes: [{ host: 'localhost', port: 1 }],
      }),
    }),
  ],
  ['the client is a pool', () => ({ client: createClientPool() as never })],
  ['the client speaks HTTP', () => ({ client: { get() {}, set() {}, eval() {} } as never })],
  [
    'the client is that of Bun',
    () => ({ client: { send() {}, subscribe() {}, duplicate() {}, on() {} } as never }),
  ],
  ['the client is text', () => ({ client: 'redis://localhost' as never })],
  ['the client is a promise of one', () => ({ client: Promise.resolve(createClient()) as never })],
  [
    'the prefix would decide where keys are',
    () => ({ url: 'redis://localhost', keyPrefix: '{a}' }),
  ],
  ['a number is negative', () => ({ url: 'redis://localhost', retentionMs: -1 })],
  ['a number is none', () => ({ url: 'redis://localhost', maxLogBytes: Number.NaN })],
])('refuses its options when %s', (_, options) => {
  vi.stubEnv('REDIS_URL', '');
  vi.stubEnv('KV_URL', '');
  const create = () => createRedisStreamContext(options());
  expect(create).toThrow(TaskError);
  expect(create).toThrow(expect.objectContaining({ code: 'invalid-options' }));
});

it('takes the address from the environment', async () => {
  vi.stubEnv('REDIS_URL', '');
  vi.stubEnv('KV_URL', server.url);
  const context = createRedisStreamContext();
  expect(await context.inspect(createId())).toBeUndefined();
  await context.close();
});

it('neither uses nor closes the client that it was given, and closes what it opened', () =>
  withEachClient(async (kind) => {
    const keyPrefix = `given-${kind}`;
    const unused = createHostClient(kind, server.url);
    const used = createHostClient(kind, server.url);
    await used.connect();
    const name = `host-${kind}`;
    const send = (...words: string[]) =>
      used instanceof Redis ? used.call(...(words as [string])) : used.sendCommand(words);
    await send('CLIENT', 'SETNAME', name);
    const ours = async () =>
      (await admin.clients()).filter((client) => client.get('name') !== name);

    const contexts = [unused, used].map((client) =>
      createRedisStreamContext({ client, keyPrefix }),
    );
    for (const context of contexts) {
      const task = streamTask({ streamContext: context, execute: () => 'done' });
      const response = await task.toResponse();
      await Promise.all([response.text(), (await follow(context, task.taskId)).text()]);
      await task.consume();
    }
    expect((await ours()).length).toBeGreaterThan(0);
    await Promise.all(contexts.map((context) => context.close()));
    await Promise.all(contexts.map((context) => context.close()));

    expect(unused instanceof Redis ? unused.status : unused.isOpen).toBe(
      unused instanceof Redis ? 'wait' : false,
    );
    expect(await send('PING')).toBe('PONG');
    const [own] = (await admin.clients()).filter((client) => client.get('name') === name);
    expect(own?.get('cmd')).toBe('ping');
    expect([own?.get('sub'), own?.get('psub')]).toEqual(['0', '0']);
    if (used instanceof Redis) used.disconnect();
    else used.destroy();
    await expect(contexts[0]?.inspect(createId())).rejects.toMatchObject({
      code: 'context-unavailable',
    });
  }).then(() => until(async () => (await admin.clients()).length === 0)));

const connecting: [string, () => RedisStreamContextOptions][] = [
  ['redis 6', () => ({ client: createClient({ url: proxy.url }) })],
  ['redis 5', () => ({ client: createClientV5({ url: proxy.url }) })],
  ['redis 4', () => ({ client: createClientV4({ url: proxy.url }) })],
  ['ioredis', () => ({ client: new Redis(proxy.url, { lazyConnect: true }) })],
];

it.each(connecting)('leaves nothing behind, whenever it is closed, by %s', async (_, options) => {
  const closeWhen = async (isTime: () => Promise<unknown>) => {
    const context = createRedisStreamContext({
      ...options(),
      onError() {},
      commandTimeoutMs: 500,
    });
    const asked = context.inspect(createId()).catch(() => 'refused');
    const opened = streamTask({ streamContext: context, execute: () => {}, onError() {} });
    await isTime();
    await context.close();
    await Promise.all([asked, opened.consume().catch(() => {})]);
  };
  await closeWhen(async () => {});
  await Promise.all(Array.from({ length: 12 }, (_, count) => closeWhen(() => turns(count))));
  await Promise.all([5, 10, 20].map((ms) => closeWhen(() => sleep(ms))));
  await until(() => proxy.connectionCount === 0);
});

it.each(connecting)(
  'gives a process that stood still time to connect, by %s',
  async (_, options) => {
    for (const count of [2, 5]) {
      const context = createRedisStreamContext({ ...options(), commandTimeoutMs: 300 });
      const asked = context.inspect(createId());
      await turns(count);
      block(400);
      expect(await asked).toBeUndefined();
      await context.close();
    }
  },
);

it('leaves no connection behind while Redis does not answer, and while nothing is there', async () => {
  await closeLater(() => server.pause());
  await server.resume();
  await closeLater(async () => proxy.refuse());
  await until(() => proxy.connectionCount === 0);
});

/** Closes contexts a while after the trouble has begun, before and after they had connected. */
async function closeLater(begin: () => Promise<void>): Promise<void> {
  await withEachClient(async (kind) => {
    const open = () =>
      createRedisStreamContext({
        client: createHostClient(kind, proxy.url),
        onError() {},
        commandTimeoutMs: 200,
      });
    const connected = open();
    await connected.inspect(createId()).catch(() => {});
    await begin();
    const contexts = [connected, open()];
    await Promise.all(contexts.map((context) => context.inspect(createId()).catch(() => {})));
    await Promise.all(contexts.map((context) => context.close()));
  });
}
