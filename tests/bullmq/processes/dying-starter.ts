// A web process that is killed after it has opened a task, and before the task's job is in the queue.
import { createTaskQueue } from 'ai-task-stream/bullmq';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { defineTask } from 'ai-task-stream/server';
import { Queue } from 'bullmq';

const { STARTER_REDIS_URL: url = '', STARTER_KEY_PREFIX: keyPrefix = '' } = process.env;
const { STARTER_QUEUE: name = '', STARTER_TASK_ID: taskId = '' } = process.env;

class DeadlyQueue extends Queue {
  override add(): Promise<never> {
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  }
}

const quick = defineTask({ name: 'quick', heartbeatMs: 50, retry: {}, execute() {} });
const queue = createTaskQueue({
  ...{ Queue: DeadlyQueue, name, connection: { url }, tasks: [quick] },
  streamContext: createRedisStreamContext({ url, keyPrefix }),
});
queue.start(quick, undefined, { taskId });
