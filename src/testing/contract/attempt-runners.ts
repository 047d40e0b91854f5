import { deepEqual, equal } from 'node:assert/strict';
import { checkpointChunk, withAttempts } from './attempt-bench';
import { aborted } from './bench';
import { chunk, chunks, closingFrames } from './chunks';
import { expectMembers } from './expectations';
import { receive } from './reading';
import type { ContractSuite } from './suite';

/** What a runner may do, how often, and what one may not that is none any more. */
export function describeRunners({ describe, itIf }: ContractSuite): void {
  const it = itIf('attempts');

  describe('a runner', () => {
    it(
      'that has handed its task over can do nothing more with it (R-ATTEMPT-8)',
      withAttempts(async ({ openWork, take, startAt, readAll, elsewhere, taskId }) => {
        const log = await openWork();
        const touch = async () => {
          log.append(chunk('late'));
          equal(await log.checkpoint(checkpointChunk(taskId, 0), startAt(0)), false);
          equal(await log.settle(closingFrames(taskId), 'completed'), false);
          await log.flushed();
        };
        equal(await log.handOver(), 'waiting');
        const { cursor } = (await elsewhere.inspect(taskId)) ?? {};
        await touch();
        expectMembers(await elsewhere.inspect(taskId), { cursor, isWaiting: true });
        const taken = await take({ context: elsewhere });
        taken.log.append(chunk(1));
        await taken.log.flushed();
        const { cursor: taking } = (await elsewhere.inspect(taskId)) ?? {};
        await touch();
        equal(await log.handOver(), 'closed');
        await log.release({ isSaved: true });
        expectMembers(await elsewhere.inspect(taskId), { cursor: taking, status: 'running' });
        equal(await taken.log.settle(closingFrames(taskId), 'completed'), true);
        deepEqual(
          (await readAll(elsewhere)).filter(({ data }) => data.includes('late')),
          [],
        );
        equal(await log.settle([], 'failed'), false);
      }),
    );

    it(
      'hands its task over behind all that it has appended',
      withAttempts(async ({ openWork, openReader, elsewhere, taskId }) => {
        const log = await openWork();
        const reader = await openReader(elsewhere);
        for (const data of chunks(0, 300)) log.append(data);
        equal(await log.handOver(), 'waiting');
        // Nothing is void before the next attempt begins.
        const received = await receive(reader, 302);
        deepEqual(
          received.slice(2).map(({ data }) => data),
          chunks(0, 300),
        );
        const { cursor } = (await elsewhere.inspect(taskId)) ?? {};
        equal(cursor?.split('-')[1], '301');
        reader.close();
      }),
    );

    it(
      'is asked to stop in each attempt, and settles the task then (R-ORDER-6)',
      withAttempts(async ({ openWork, take, elsewhere, taskId }) => {
        const first = await openWork();
        await first.handOver();
        const { log } = await take();
        equal(await elsewhere.cancel(taskId, { reason: 'Enough.' }), true);
        expectMembers(await aborted(log), { cause: { code: 'cancelled', message: 'Enough.' } });
        equal(await log.handOver(), 'cancelled');
        equal(await log.settle(closingFrames(taskId), 'cancelled'), true);
        expectMembers(await elsewhere.inspect(taskId), { status: 'cancelled', attempt: 2 });
      }),
    );

    it(
      'may attempt its task as often as that says, counted anew at each checkpoint (R-ATTEMPT-9)',
      withAttempts(async ({ openWork, take, checkpoint }) => {
        const first = await openWork({ attempts: 2 });
        equal(await first.handOver(), 'waiting');
        const second = (await take()).log;
        equal(await second.handOver(), 'refused');
        equal(await checkpoint(second, 0), true);
        // That attempt does not count any more: there are two after it.
        equal(await second.handOver(), 'waiting');
        const third = (await take()).log;
        equal(await third.handOver(), 'waiting');
        const fourth = (await take()).log;
        equal(await fourth.handOver(), 'refused');
        equal(fourth.attempt, 4);
      }),
    );

    it(
      'may attempt its task so often in all, whatever it stores (R-ATTEMPT-9)',
      withAttempts(async ({ openWork, take, checkpoint, context, taskId }) => {
        let log = await openWork({ attempts: 5, maxTotal: 3 });
        for (const index of [0, 1]) {
          equal(await checkpoint(log, index), true);
          equal(await log.handOver(), 'waiting');
          log = (await take()).log;
        }
        equal(await checkpoint(log, 2), true);
        equal(await log.handOver({ isFree: true }), 'refused');
        // The task is still its own.
        log.append(chunk(1));
        equal(await log.settle(closingFrames(taskId), 'failed'), true);
        expectMembers(await context.inspect(taskId), { status: 'failed', attempt: 3 });
      }),
    );

    it(
      'that has to go costs its task no attempt, ten times in a row (R-ATTEMPT-9)',
      withAttempts(async ({ openWork, take, checkpoint }) => {
        let log = await openWork({ attempts: 1 });
        const leave = async (times: number) => {
          for (let n = 0; n < times; n++) {
            equal(await log.handOver({ isFree: true }), 'waiting');
            log = (await take()).log;
          }
        };
        await leave(10);
        equal(await log.handOver({ isFree: true }), 'refused');
        equal(await checkpoint(log, 0), true);
        await leave(11);
        equal(await log.handOver({ isFree: true }), 'refused');
      }),
    );
  });
}
