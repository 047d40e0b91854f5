// A queue whose Redis is a cluster, of which the tasks' logs are, too.
import { createTaskQueue } from 'ai-task-stream/bullmq';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { Cluster } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type RedisCluster, startRedisCluster } from '../helpers/redis-cluster';
import { createId } from '../helpers/tasks';
import { defineKept, keptHeartbeatMs } from './kept-task';
import { bullVersions } from './queues';
import { spawnWorker } from './spawn-worker';

let cluster: RedisCluster;
let closes: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  cluster = await startRedisCluster();
});

afterEach(async () => {
  for (const close of closes.reverse()) await close();
  closes = [];
});

afterAll(() => cluster.stop());

function connect(): Cluster {
  const client = new Cluster([...cluster.urls], { redisOptions: { maxRetriesPerRequest: null } });
  closes.push(() => client.quit());
  return client;
}

it.each([5, 6] as const)(
  'runs a task in another worker when its own is killed, with BullMQ %d (R-QUEUE-3)',
  async (major) => {
    const keyPrefix = `cluster-${createId()}`;
    const name = 'kept';
    const prefix = `{${keyPrefix}}`;
    const attempts: number[] = [];
    const kept = defineKept({
      onBegin: ({ attempt }) => attempts.push(attempt),
      onAbort() {},
      mayEnd: async () => {},
    });
    const errors: unknown[] = [];
    const streamContext = createRedisStreamContext({ client: connect(), keyPrefix });
    const queue = createTaskQueue({
      ...bullVersions[major],
      ...{ streamContext, tasks: [kept], name, prefix, connection: connect() },
      onError: (error) => errors.push(error),
    });
    closes.push(
      () => streamContext.close(),
      () => queue.close(),
    );
    const lost = await spawnWorker({ name, keyPrefix, prefix, major, cluster: cluster.urls });
    closes.push(() => lost.kill());
    const task = queue.start(kept, { word: 'attempt' });
    expect(await lost.begun()).toMatchObject({ taskId: task.taskId, attempt: 1 });
    await lost.kill();
    queue.work({ heartbeatMs: keptHeartbeatMs });
    const { attempt } = await task.result;
    expect(attempt).toBeGreaterThan(1);
    expect(attempts).toEqual([attempt]);
    expect(errors).toEqual([]);
  },
);
