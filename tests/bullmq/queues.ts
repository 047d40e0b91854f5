// Queues of each supported major of BullMQ, over the Redis that the tests of a run share.
import {
  type CreateTaskQueueOptions,
  createTaskQueue,
  type TaskQueue,
} from 'ai-task-stream/bullmq';
import { defineTask } from 'ai-task-stream/server';
import * as bullmq from 'bullmq';
import * as bullmqV5 from 'bullmq-v5';
import { afterEach, vi } from 'vitest';
import { createRedisInstances } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';

/** The classes of each major, by its number. */
export const bullVersions = {
  5: { Queue: bullmqV5.Queue, Worker: bullmqV5.Worker },
  6: { Queue: bullmq.Queue, Worker: bullmq.Worker },
} as const;

interface OpenQueueOptions extends Partial<Omit<CreateTaskQueueOptions, 'tasks'>> {
  tasks: CreateTaskQueueOptions['tasks'];
  major?: keyof typeof bullVersions;
  keyPrefix?: string;
  url?: string;
  retentionMs?: number;
}

/** Queues that are closed together, and the contexts of their tasks. */
export function createQueues() {
  const instances = createRedisInstances();
  let queues: TaskQueue[] = [];
  let admins: bullmq.Queue[] = [];

  return {
    instances,
    /** A queue as one process has it, with a context of its own. */
    open({
      tasks,
      major = 6,
      keyPrefix,
      url = sharedRedisUrl(),
      retentionMs,
      ...options
    }: OpenQueueOptions) {
      const instance = instances.open({
        ...{ url, retentionMs },
        ...(keyPrefix && { keyPrefix }),
      });
      const errors: unknown[] = [];
      const name = options.name ?? instance.keyPrefix;
      const queue = createTaskQueue({
        ...bullVersions[major],
        ...{ streamContext: instance.context, tasks, name, connection: { url } },
        onError: (error) => errors.push(error),
        ...options,
      });
      queues.push(queue);
      return { ...instance, queue, name, errors };
    },
    /** BullMQ's own view of a queue. */
    look(name: string, url: string = sharedRedisUrl()): bullmq.Queue {
      const admin = new bullmq.Queue(name, { connection: { url } });
      admin.on('error', () => {});
      admins.push(admin);
      return admin;
    },
    async close(): Promise<void> {
      await Promise.all(queues.map((queue) => queue.close()));
      await Promise.all(admins.map((admin) => admin.close()));
      queues = [];
      admins = [];
      await instances.close();
    },
  };
}

/** Queues that are closed after each test. */
export function setUpQueues(): ReturnType<typeof createQueues> {
  const queues = createQueues();
  afterEach(() => queues.close());
  return queues;
}

/** A task that ends at once. Lost calls for it are found soon. */
export function setUpQuickTask() {
  const ran = vi.fn<(taskId: string) => void>();
  afterEach(() => void ran.mockReset());
  const settings = {
    name: 'quick',
    heartbeatMs: 50,
    execute({ task }: { task: { taskId: string } }) {
      ran(task.taskId);
      return 'done';
    },
  };
  return { ran, once: defineTask(settings), quick: defineTask({ ...settings, retry: {} }) };
}
