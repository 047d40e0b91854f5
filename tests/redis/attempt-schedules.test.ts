// More of other schedules are tried with FAST_CHECK_SEED; what fails is printed, and shortened before.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, beforeEach, it } from 'vitest';
import type { Playground } from '../helpers/attempt-schedules/game';
import { playSchedule } from '../helpers/attempt-schedules/play-schedule';
import { type Schedule, schedules } from '../helpers/attempt-schedules/schedule';
import { fc } from '../helpers/fast-check';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { createRedisInstances } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';

const url = sharedRedisUrl();
const keyPrefix = `schedules-${randomUUID()}`;
const instances = createRedisInstances();
let admin: RedisAdmin;
let contexts: [TaskStreamContext, TaskStreamContext];
let apart: TaskStreamContext;

beforeEach(async () => {
  admin = await connectAdmin(url);
  const open = () => instances.open({ url, keyPrefix }).context;
  contexts = [open(), open()];
  apart = open();
});

afterEach(async () => {
  admin.close();
  await instances.close();
});

/**
 * Lets a runner's lease lapse at once, and has that noticed by an instance that has not heard of the
 * task before. The runner's process does not know of it, and of its next lease neither do others.
 */
async function lose(taskId: string): Promise<void> {
  const key = (name: string) => `${keyPrefix}:{${taskId}}:${name}`;
  const finders = createRedisInstances();
  const { context } = finders.open({ url, keyPrefix });
  do {
    await admin.send('HSET', key('m'), 'leaseMs', '400');
    // Again and again, because the runner renews it from time to time.
    await admin.send('DEL', key('l'));
    await sleep(20);
  } while ((await context.inspect(taskId))?.status === 'running');
  await finders.close();
}

const times = {
  delays: [0, 0, 3_600_000],
  patience: [3_600_000, 1],
  deadlines: [undefined, 1, 3_600_000],
};

function playgroundFor({ patience, deadline }: Schedule): Playground {
  const isShort = patience === 1 || deadline === 1;
  return {
    ...{ contexts, apart, times, lose, knowsCancels: false },
    now: () => Date.now(),
    ...(isShort && { passShort: () => sleep(5) }),
  };
}

/** Only what hangs takes so long. */
const timeoutMs = 900_000;

/** Schedules that are played at the same time: each mostly waits for Redis. */
const together = 5;
const numRuns = (process.env.TEST_LONG ? 500 : 30) / together;

it('lets tasks in Redis be attempted again as a model of it says, whatever happens (R-ATTEMPT-3, R-ATTEMPT-7, R-ATTEMPT-8, R-ATTEMPT-9, R-ATTEMPT-12)', {
  timeout: timeoutMs,
}, async () => {
  const group = fc.array(schedules, { minLength: together, maxLength: together });
  const play = async (schedule: Schedule) => {
    let steps = 0;
    const onStep = () => void steps++;
    try {
      await Promise.race([
        playSchedule(schedule, { ...playgroundFor(schedule), onStep }),
        sleep(timeoutMs / 2, undefined, { ref: false }).then(() => {
          throw new Error('What it waits for has not come.');
        }),
      ]);
    } catch (error) {
      throw new Error(`At step ${steps} of ${JSON.stringify(schedule)}`, { cause: error });
    }
  };
  // Groups are not made shorter: that would take very long. The seed brings the same ones.
  const how = { numRuns, endOnFailure: true };
  await fc.assert(
    fc.asyncProperty(group, async (played) => {
      await Promise.all(played.map(play));
    }),
    how,
  );
});
