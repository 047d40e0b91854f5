import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom } from '../../src/testing/random';
import { until } from '../helpers/async';
import { digestOf } from '../helpers/numbered-log';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import { type RedisServer, startRedis } from '../helpers/redis-server';
import { type Instance, type RemoteContext, spawnInstance } from '../helpers/spawn-instance';

const taskCount = 200;
const readersPerTask = 5;
const lastChunk = 60;
const seed = 7;

let server: RedisServer;
let admin: RedisAdmin;
let instances: Instance[];
let proxies: FaultProxy[];

beforeAll(async () => {
  server = await startRedis();
  [admin, ...instances] = await Promise.all([
    connectAdmin(server.url),
    spawnInstance(),
    spawnInstance(),
  ]);
  proxies = await Promise.all(instances.map(() => startFaultProxy(server.url)));
});

afterAll(async () => {
  await Promise.all(instances.map((instance) => instance.kill()));
  await until(() => proxies.every((proxy) => proxy.connectionCount === 0));
  await Promise.all(proxies.map((proxy) => proxy.close()));
  admin.close();
  await server.stop();
});

it('200 tasks with five readers each lose, double and leave nothing while connections are cut', async () => {
  const random = createRandom(seed);
  const contexts = await Promise.all(
    instances.map((instance, index) =>
      instance.connect({ url: proxies[index]!.url, keyPrefix: 'load', retentionMs: 600_000 }),
    ),
  );
  const at = (index: number): RemoteContext => contexts[index % contexts.length]!;

  let isOver = false;
  const cutting = async () => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 150 + 400 * random()));
      const index = Math.floor(random() * proxies.length);
      // A command is sent once more when it is cut, so all that were must have their answer before
      // the next cut. Redis answers in order.
      for (let count = 0; count < 2; count++) await at(index).inspect('nothing-0123456789abcdef');
      proxies[index]!.cut();
    }
  };

  const run = async (index: number): Promise<string[]> => {
    const taskId = `task-${index}-0123456789abcdef`;
    const producer = at(index);
    await producer.open(taskId, { leaseMs: 20_000 });
    const followers = await Promise.all(
      Array.from({ length: readersPerTask }, async (_, reader) => {
        const context = at(reader);
        const options = { leaveAfter: reader % 2 ? 25 : undefined, seed: index * 10 + reader };
        return { context, follower: await context.follow(taskId, options) };
      }),
    );
    const options = { start: 1, end: lastChunk, perTurn: 1 + (index % 4), pauseMs: 60 };
    await producer.write(taskId, options);
    expect(await producer.settle(taskId, lastChunk)).toBe(true);
    const readings = await Promise.all(
      followers.map(({ context, follower }) => context.ended(follower)),
    );
    const expected = digestOf(0, lastChunk + 1);
    return readings
      .filter(({ digest }) => digest !== expected)
      .map((reading) => JSON.stringify({ taskId, ...reading }));
  };

  // Some are only opened while connections are cut.
  const first = Array.from({ length: taskCount / 2 }, (_, index) => run(index));
  const cuts = cutting();
  const second = Array.from({ length: taskCount / 2 }, (_, index) => run(taskCount / 2 + index));
  const running = Promise.all([...first, ...second]).finally(() => {
    isOver = true;
  });
  await cuts;
  const wrong = (await running).flat();
  expect(wrong).toEqual([]);

  const ttls = await admin.ttls();
  expect(ttls.size).toBeGreaterThanOrEqual(2 * taskCount);
  expect([...ttls].filter(([, ttl]) => ttl <= 0)).toEqual([]);
  // One channel for each process; nobody follows a task any more.
  await until(async () => {
    const channels = (await admin.send('PUBSUB', 'CHANNELS')) as string[];
    return channels.every((channel) => channel.includes(':home:'));
  });
  await Promise.all(contexts.map((context) => context.close()));
  await until(async () => (await admin.clients()).length === 0);
  expect(await admin.send('PUBSUB', 'CHANNELS')).toEqual([]);
});
