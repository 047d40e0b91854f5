import { afterEach } from 'vitest';
import { describeOtherOwners } from '../contract/other-owners-contract';
import { createRedisInstances } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';

const instances = createRedisInstances();

afterEach(() => instances.close());

describeOtherOwners('Redis, asked by another instance', () => {
  const url = sharedRedisUrl();
  const { context, keyPrefix } = instances.open({ url });
  return [context, instances.open({ url, keyPrefix }).context];
});
