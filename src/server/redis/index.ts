export type { RedisClient } from './client/redis-connector';
export { createRedisStreamContext, type RedisStreamContextOptions } from './redis-stream-context';
