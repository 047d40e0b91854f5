import { createRedisStreamContext } from 'ai-task-stream/redis';
import {
  createMemoryStreamContext,
  drainOnSignal,
  type TaskStreamContext,
} from 'ai-task-stream/server';

/** Tasks are kept in Redis, which all instances of the server share, or else in this process. */
export const streamContext: TaskStreamContext = process.env.REDIS_URL
  ? createRedisStreamContext({ url: process.env.REDIS_URL })
  : createMemoryStreamContext();

// At a deploy, tasks go on in another instance. Said here, because Next.js may load this module once for
// each bundle, and each context has to be drained.
drainOnSignal(streamContext);
