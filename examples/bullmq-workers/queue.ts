import { createTaskQueue } from 'ai-task-stream/bullmq';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { writeReport } from '../next-chat/lib/write-report';

/** Where tasks are kept: their logs, and what a worker needs to go on with them. */
export const streamContext = createRedisStreamContext(); // REDIS_URL

/** Who runs them: whichever worker is free. */
export const reports = createTaskQueue({
  streamContext,
  tasks: [writeReport],
  connection: { url: process.env.REDIS_URL },
  name: 'reports',
});
