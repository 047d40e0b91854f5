import { randomUUID } from 'node:crypto';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { testStreamContext } from 'ai-task-stream/testing';
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { createCluster as createClusterV4 } from 'redis-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followLog } from '../helpers/follow-log';
import { digestOf } from '../helpers/numbered-log';
import { type RedisCluster, startRedisCluster } from '../helpers/redis-cluster';
import { spawnInstance } from '../helpers/spawn-instance';

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster();
});

afterAll(() => cluster.stop());

function rootNodes(): { url: string }[] {
  return cluster.urls.map((url) => ({ url }));
}

describe.each([
  ['redis 6', () => createCluster({ rootNodes: rootNodes() })],
  ['redis 4', () => createClusterV4({ rootNodes: rootNodes() })],
  [
    'ioredis',
    () =>
      new Cluster(
        cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
        { lazyConnect: true },
      ),
  ],
])('a cluster client of %s', (_name, connect) => {
  const keyPrefix = `contract-${randomUUID()}`;
  testStreamContext(
    () =>
      createRedisStreamContext({
        client: connect(),
        keyPrefix,
        maxFrameBytes: 8 * 1024 * 1024,
        maxUnflushedBytes: 8 * 1024 * 1024,
      }),
    {
      describe,
      it,
      name: 'Redis Cluster',
      without: ['the time of this process'],
      timeoutMs: 120_000,
    },
  );

  it('follows and cancels tasks of another process, whichever node they are on', async () => {
    const instance = await spawnInstance();
    const context = createRedisStreamContext({ client: connect(), keyPrefix });
    try {
      const running = await instance.connect({ cluster: cluster.urls, keyPrefix });
      const taskIds: string[] = [];
      const nodes = new Set<unknown>();
      // Random as they are, a dozen may leave a node without any.
      while (taskIds.length < 12 || nodes.size < cluster.nodes.length) {
        const taskId = randomUUID();
        taskIds.push(taskId);
        nodes.add(cluster.nodeOf(`${keyPrefix}:{${taskId}}:m`));
      }
      await Promise.all(
        taskIds.map(async (taskId) => {
          await running.open(taskId, { leaseMs: 4_000 });
          const follower = followLog(context, taskId);
          await follower.attached;
          await running.write(taskId, { start: 1, end: 50, perTurn: 3, pauseMs: 5 });
          const stopped = running.stopped(taskId);
          expect(await context.cancel(taskId, { reason: 'Enough.' })).toBe(true);
          expect(await stopped).toMatchObject({ message: 'Enough.' });
          await running.settle(taskId, 50);
          expect((await follower.ended).digest).toBe(digestOf(0, 51));
        }),
      );
      await running.close();
    } finally {
      await context.close();
      await instance.kill();
    }
  });
});
