import { afterEach, it } from 'vitest';
import { expectResponses, lossesOf } from '../helpers/attempt-responses';
import { createRedisInstances } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';

const isLong = process.env.TEST_LONG !== undefined;
const url = sharedRedisUrl();
const instances = createRedisInstances();

afterEach(() => instances.close());

it('brings over HTTP what an undisturbed task in Redis would have, wherever it is lost (R-ATTEMPT-2, R-ATTEMPT-3, R-ATTEMPT-4)', {
  timeout: 900_000,
}, async () => {
  for (const lostAt of lossesOf(isLong ? { step: 1, deep: 5 } : { step: 1, deep: 16 })) {
    const { context } = instances.open({ url });
    await expectResponses(lostAt, { streamContext: context, isWhole: isLong });
    await instances.close();
  }
});
