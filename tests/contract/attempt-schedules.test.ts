// Run one more with other schedules by FAST_CHECK_SEED; what fails is printed, and shortened before.
import { randomUUID } from 'node:crypto';
import { createMemoryStreamContext } from 'ai-task-stream/server';
import { createManualClock, type ManualClock } from 'ai-task-stream/testing';
import { afterEach, beforeEach, it } from 'vitest';
import { playSchedule } from '../helpers/attempt-schedules/play-schedule';
import { schedules } from '../helpers/attempt-schedules/schedule';
import { fc } from '../helpers/fast-check';

let clock: ManualClock;

beforeEach(() => {
  clock = createManualClock();
});

afterEach(() => clock.uninstall());

const numRuns = process.env.TEST_LONG ? 5_000 : 300;

it('lets tasks in memory be attempted again as a model of it says, whatever happens (R-ATTEMPT-3, R-ATTEMPT-7, R-ATTEMPT-8, R-ATTEMPT-9, R-ATTEMPT-12)', async () => {
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const scope = randomUUID();
      // Longer than any task waits.
      const create = () => createMemoryStreamContext({ scope, retentionMs: 1e10 });
      await playSchedule(schedule, {
        contexts: [create(), create()],
        times: {
          delays: [0, 40, 5_000],
          patience: [3_600_000, 300],
          deadlines: [undefined, 200, 10_000],
        },
        knowsCancels: true,
        now: () => clock.now,
        pass: (ms) => clock.advance(ms),
      });
    }),
    { numRuns },
  );
}, 900_000);
