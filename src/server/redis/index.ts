export type { RedisClient } from './redis-connector';
export { createRedisStreamContext, type RedisStreamContextOptions } from './redis-stream-context';
