import { createRedisStreamContext } from 'ai-task-stream/redis';
import { createMemoryStreamContext, type TaskStreamContext } from 'ai-task-stream/server';

/** Redis if there is one, which all instances of the server share; else this process's memory. */
export const streamContext: TaskStreamContext = process.env.REDIS_URL
  ? createRedisStreamContext({ url: process.env.REDIS_URL })
  : createMemoryStreamContext();
