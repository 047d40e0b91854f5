// A worker that may be killed at any moment. It tells of the attempts that it makes.

import { createTaskQueue } from 'ai-task-stream/bullmq';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import * as bullmq from 'bullmq';
import * as bullmqV5 from 'bullmq-v5';
import { Cluster } from 'ioredis';
import { defineKept, keptHeartbeatMs } from '../kept-task';
import type { WorkerCommand, WorkerReport } from '../spawn-worker';

const { WORKER_REDIS_URL: url = '', WORKER_KEY_PREFIX: keyPrefix = '' } = process.env;
const { WORKER_QUEUE: name = '', WORKER_MAJOR: major = '6' } = process.env;
const { WORKER_CLUSTER: cluster = '', WORKER_PREFIX: prefix } = process.env;
const { Queue, Worker } = major === '5' ? bullmqV5 : bullmq;

const ends = new Map<string, { promise: Promise<void>; resolve: () => void }>();

function endOf(taskId: string) {
  const known = ends.get(taskId);
  if (known) return known;
  let resolve = () => {};
  const promise = new Promise<void>((onResolve) => {
    resolve = onResolve;
  });
  const end = { promise, resolve };
  ends.set(taskId, end);
  return end;
}

const report = (message: WorkerReport) => process.send?.(message);

const kept = defineKept({
  onBegin: (attempt) => report({ event: 'begun', ...attempt }),
  onAbort: (attempt) => report({ event: 'aborted', ...attempt }),
  mayEnd: (taskId) => endOf(taskId).promise,
});

const connectCluster = () =>
  new Cluster(cluster.split(' '), { redisOptions: { maxRetriesPerRequest: null } });

const streamContext = createRedisStreamContext({
  ...(cluster ? { client: connectCluster() } : { url }),
  ...{ keyPrefix, onError: () => {} },
});
const queue = createTaskQueue({
  ...{ Queue, Worker, streamContext, tasks: [kept], name, ...(prefix && { prefix }) },
  connection: cluster ? connectCluster() : { url },
  onError: () => {},
});
queue.work({ heartbeatMs: keptHeartbeatMs });

process.on('message', ({ end }: WorkerCommand) => endOf(end).resolve());
process.once('SIGTERM', async () => {
  await streamContext.drain?.({ timeoutMs: 1_600 });
  process.exit(0);
});
report({ event: 'up' });
