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

// Here, because Next.js loads this module once for each bundle: `instrumentation.ts` would drain a
// context of its own, and not that of the routes.
drainOnSignal(streamContext, { timeoutMs: 4_000 });
