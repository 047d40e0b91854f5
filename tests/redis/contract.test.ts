import { randomUUID } from 'node:crypto';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { testStreamContext } from 'ai-task-stream/testing';
import { Redis } from 'ioredis';
import { Redis as RedisV5 } from 'ioredis-v5';
import { createClient } from 'redis';
import { createClient as createClientV4 } from 'redis-v4';
import { createClient as createClientV5 } from 'redis-v5';
import { describe, it } from 'vitest';
import { sharedRedisUrl } from '../helpers/redis-server';

const url = sharedRedisUrl();
/** Large enough for what the suite stores in one frame. */
const limits = { maxFrameBytes: 8 * 1024 * 1024, maxUnflushedBytes: 8 * 1024 * 1024 };

describe.each([
  ['a URL', () => ({ url })],
  ['a client of redis 6', () => ({ client: createClient({ url }) })],
  ['a client of redis 5', () => ({ client: createClientV5({ url }) })],
  ['a client of redis 4', () => ({ client: createClientV4({ url }) })],
  ['a client of ioredis 6', () => ({ client: new Redis(url, { lazyConnect: true }) })],
  ['a client of ioredis 5', () => ({ client: new RedisV5(url, { lazyConnect: true }) })],
  [
    'a client of ioredis with a keyPrefix',
    () => ({ client: new Redis(url, { lazyConnect: true, keyPrefix: 'app:' }) }),
  ],
])('%s', (_name, connect) => {
  const keyPrefix = `contract-${randomUUID()}`;
  testStreamContext(() => createRedisStreamContext({ ...connect(), keyPrefix, ...limits }), {
    ...{ describe, it, name: 'Redis' },
  });
});
