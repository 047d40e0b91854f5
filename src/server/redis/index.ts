export type { RedisClient } from './client/resolve-connection';
export type { RedisStreamContextOptions } from './redis-options';
export { createRedisStreamContext } from './redis-stream-context';
