export type { RedisClient } from './client/redis-connector';
export type { RedisStreamContextOptions } from './redis-options';
export { createRedisStreamContext } from './redis-stream-context';
