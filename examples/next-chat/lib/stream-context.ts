import { createRedisStreamContext } from 'ai-task-stream/redis';
import { createMemoryStreamContext, type TaskStreamContext } from 'ai-task-stream/server';

/** Tasks are kept in Redis, which all instances of the server share, or else in this process. */
export const streamContext: TaskStreamContext = process.env.REDIS_URL
  ? createRedisStreamContext({ url: process.env.REDIS_URL })
  : createMemoryStreamContext();
