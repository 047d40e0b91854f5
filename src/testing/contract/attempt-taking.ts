import { deepEqual, equal, ok } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import { version, withAttempts } from './attempt-bench';
import { chunk, closingFrames } from './chunks';
import { expectMembers, expectNone } from './expectations';
import type { ContractSuite } from './suite';

/** Longer than any test takes, in milliseconds. */
const longMs = 600_000;

/** A task that waits is taken once, by whom it may be taken (R-ATTEMPT-7). */
export function describeTaking({ describe, itIf }: ContractSuite): void {
  const it = itIf('attempts');

  describe('a task that waits', () => {
    it(
      'is taken by one of many who ask at the same time (R-ATTEMPT-7)',
      withAttempts(async ({ openWork, tryTake, readAll, context, elsewhere, taskId }) => {
        const log = await openWork();
        equal(await log.handOver(), 'waiting');
        const contenders = Array.from({ length: 200 }, (_, index) =>
          tryTake({ context: index % 2 ? elsewhere : context }),
        );
        const [taken, ...others] = (await Promise.all(contenders)).filter((one) => one);
        equal(others.length, 0);
        equal(taken?.log.attempt, 2);
        await taken?.log.settle(closingFrames(taskId), 'completed');
        const frames = await readAll(elsewhere);
        equal(frames.filter(({ data }) => data.includes('data-task-rewind')).length, 1);
      }),
    );

    it(
      'is taken by a runner of its kind, for its definition, in a version not below its own (R-ATTEMPT-7)',
      withAttempts(async ({ openWork, tryTake, take, context, taskId }) => {
        const log = await openWork({ runner: 'queue:mail' });
        await log.handOver();
        const runner = 'queue:mail';
        expectNone(await tryTake());
        expectNone(await tryTake({ runner: 'queue:mai' }));
        expectNone(await tryTake({ runner, definition: 'other' }));
        expectNone(await tryTake({ runner, definition: '' }));
        expectNone(await tryTake({ runner, version: version - 1 }));
        expectMembers(await context.inspect(taskId), { isWaiting: true, attempt: 1 });
        equal((await take({ runner, version: version + 1 })).log.attempt, 2);
      }),
    );

    it(
      'is shown by its record with the runners that may take it, until it is over (R-ATTEMPT-7)',
      withAttempts(async ({ openWork, take, elsewhere, taskId }) => {
        const runner = 'queue:mail';
        const log = await openWork({ runner, priority: 7 });
        const who = { definition: 'report', runner, version, priority: 7 };
        expectMembers(await elsewhere.inspect(taskId), who);
        await log.handOver();
        expectMembers(await elsewhere.inspect(taskId), { ...who, isWaiting: true });
        const taken = await take({ runner, version: version + 1 });
        expectMembers(await elsewhere.inspect(taskId), who);
        await taken.log.settle(closingFrames(taskId), 'completed');
        const none = { runner: undefined, version: undefined, priority: undefined };
        expectMembers(await elsewhere.inspect(taskId), none);
      }),
    );

    it(
      'is the only one that is taken: none that runs, is over, or is not known (R-ATTEMPT-7)',
      withAttempts(async ({ openWork, tryTake, take, elsewhere, taskId }) => {
        expectNone(await tryTake());
        const log = await openWork();
        expectNone(await tryTake());
        expectNone(await tryTake({ context: elsewhere }));
        await log.handOver();
        const taken = await take();
        expectNone(await tryTake({ context: elsewhere }));
        await taken.log.settle(closingFrames(taskId), 'completed');
        expectNone(await tryTake());
      }),
    );

    it(
      'and has no stored work, which no task has that can be lost, is never taken',
      withAttempts(async ({ open, tryTake, context, taskId }) => {
        const log = await open({ definition: 'report' });
        expectNone(await tryTake());
        equal((await log.handOver?.()) ?? 'refused', 'refused');
        expectMembers(await context.inspect(taskId), { status: 'running', attempt: undefined });
      }),
    );

    it(
      'gives the same answer to the same token, without storing the first frames twice (R-ATTEMPT-7)',
      withAttempts(async ({ openWork, take, context, taskId }) => {
        const log = await openWork();
        await log.handOver();
        const token = createTaskId();
        const first = await take({ token });
        const { cursor } = (await context.inspect(taskId)) ?? {};
        const again = await take({ token });
        equal(again.log.attempt, first.log.attempt);
        deepEqual([again.last, again.start, again.work], [first.last, first.start, first.work]);
        equal((await context.inspect(taskId))?.cursor, cursor);
        // Either is the runner's.
        again.log.append(chunk(1));
        equal(await again.log.settle(closingFrames(taskId), 'completed'), true);
      }),
    );

    it(
      'is not taken before the time up to which it was put off (R-ATTEMPT-7)',
      withAttempts(async ({ openWork, tryTake, context, taskId }) => {
        const log = await openWork();
        const now = Date.now();
        equal(await log.handOver({ delayMs: longMs }), 'waiting');
        expectNone(await tryTake());
        const record = await context.inspect(taskId);
        expectMembers(record, { status: 'pending', isWaiting: true, attempt: 1 });
        // The storage may have a clock of its own.
        ok((record?.notBefore ?? 0) > now + longMs / 2);
      }),
    );

    it(
      'is taken once that time has come (R-ATTEMPT-7)',
      withAttempts(async ({ until, openWork, tryTake }) => {
        const log = await openWork();
        equal(await log.handOver({ delayMs: 20 }), 'waiting');
        await until(async () => (await tryTake()) !== undefined);
      }),
    );

    it(
      'comes with all that it was opened with (R-ATTEMPT-10)',
      withAttempts(async ({ openWork, take, startAt, cursorOf, context, elsewhere, taskId }) => {
        const given = { owner: 'me', name: 'Report', chatId: createTaskId() };
        const continued = JSON.stringify({ id: 'm', role: 'assistant', parts: [] });
        const work = {
          ...{ input: '{"text":"ä\\u2028\u2028"}', context: '["c"]', version, runner: 'any' },
          ...{ attempts: 3, maxTotal: 9, maxWaitMs: longMs, deadlineMs: longMs },
        };
        const log = await openWork(work, { ...given, continued, savesOutcome: true });
        const { createdAt } = (await context.inspect(taskId)) ?? {};
        const beginning = await cursorOf(0);
        await log.handOver();
        const taken = await take({ context: elsewhere });
        expectMembers(taken, {
          ...{ ...given, work, createdAt, continued, savesOutcome: true },
          ...{ start: startAt(-1), last: beginning },
        });
        const { deadlineLeftMs = 0 } = taken;
        ok(deadlineLeftMs > 0 && deadlineLeftMs <= longMs);
        expectMembers(await elsewhere.inspect(taskId), { ...given, status: 'running', attempt: 2 });
      }),
    );
  });
}
