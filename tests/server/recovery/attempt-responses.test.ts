import { it } from 'vitest';
import { expectResponses, lossesOf } from '../../helpers/attempt-responses';
import { createOwnContext } from '../../helpers/tasks';

const isLong = process.env.TEST_LONG !== undefined;

it('brings over HTTP what an undisturbed task would have, wherever it is lost (R-ATTEMPT-2, R-ATTEMPT-3, R-ATTEMPT-4)', async () => {
  for (const lostAt of lossesOf({ step: 1, deep: isLong ? 2 : 12 })) {
    await expectResponses(lostAt, { streamContext: createOwnContext(), isWhole: isLong });
  }
}, 600_000);
