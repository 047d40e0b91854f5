import { deepEqual, equal } from 'node:assert/strict';
import { type AttemptBench, checkpointChunk, withAttempts } from './attempt-bench';
import { aborted } from './bench';
import { chunk, closingFrames, openTextFrames } from './chunks';
import { expectMembers } from './expectations';
import { receiveFrames } from './reading';
import {
  type CutStreamContext,
  shortLeaseMs as leaseMs,
  longLeaseMs,
  type TroubledBench,
  tellsOf,
  withCut,
} from './storage-trouble';
import type { ContractSuite } from './suite';

/** What becomes of a task that may be attempted again when its runner is gone */
export function describeLostAttempts(
  { describe, itIf }: ContractSuite,
  cut: CutStreamContext,
): void {
  const itCuts = (name: string, test: (bench: AttemptBench & TroubledBench) => Promise<void>) =>
    itIf('attempts')(name, withAttempts(withCut(cut, test)));

  const untilWaiting = ({ until, elsewhere, taskId }: AttemptBench) =>
    until(async () => (await elsewhere.inspect(taskId))?.isWaiting === true);

  describe('a runner that is gone', () => {
    itCuts(
      'has its task wait for another one, who goes on at the checkpoint (R-ATTEMPT-13)',
      async (bench) => {
        const { openWork, openReader, checkpoint, cutOff, take, startAt, elsewhere } = bench;
        const log = await openWork({}, { leaseMs });
        equal(await checkpoint(log, 0), true);
        log.append(chunk('void'));
        await log.flushed();
        const reader = await openReader(elsewhere);
        equal((await receiveFrames(reader, 4)).length, 4);
        await cutOff();
        await untilWaiting(bench);
        await bench.until(() => reader.isWaiting === true);
        equal(reader.isAlive, true);
        const taken = await take({ context: elsewhere });
        deepEqual([taken.log.attempt, taken.start], [2, startAt(0, '0')]);
        deepEqual(await receiveFrames(reader), []);
        equal(reader.isCut, true);
        reader.close();
      },
    );

    itCuts(
      'can write nothing when it comes back, and learns of it (R-ATTEMPT-8, R-FENCE-1)',
      async (bench) => {
        const { openWork, cutOff, take, startAt, readAll, elsewhere, taskId } = bench;
        const log = await openWork({}, { leaseMs });
        const restore = await cutOff();
        await untilWaiting(bench);
        const taken = await take({ context: elsewhere });
        log.append(chunk('late'));
        const checkpointed = log.checkpoint(checkpointChunk(taskId, 0), startAt(0));
        await restore();
        expectMembers(await aborted(log), { name: 'AbortError', cause: { code: 'lost' } });
        equal(await checkpointed, false);
        log.append(chunk('later'));
        equal(await log.checkpoint(checkpointChunk(taskId, 0), startAt(0)), false);
        equal(await log.handOver(), 'closed');
        equal(await log.settle(closingFrames(taskId), 'completed'), false);
        await log.release({ isSaved: true });
        expectMembers(await elsewhere.inspect(taskId), { status: 'running', attempt: 2 });
        equal(await taken.log.settle(closingFrames(taskId), 'completed'), true);
        deepEqual((await readAll(elsewhere)).map(tellsOf), [
          ...[['start'], ['data-task-rewind'], ['data-task', 'running']],
          ...[['data-task-settle', 'completed'], ['finish']],
        ]);
      },
    );

    itCuts(
      'costs its task an attempt, and after the last one closes it (R-ATTEMPT-13, R-ATTEMPT-9)',
      async ({ openWork, openReader, cutOff, elsewhere, taskId }) => {
        const log = await openWork({ attempts: 1 }, { leaseMs });
        const reader = await openReader(elsewhere);
        for (const data of openTextFrames()) log.append(data);
        await log.flushed();
        await cutOff();
        deepEqual((await receiveFrames(reader)).slice(4).map(tellsOf), [
          ...[['text-end'], ['data-task', 'failed'], ['data-task-error', 'lost']],
          ...[['data-task-settle', 'failed'], ['error']],
        ]);
        reader.close();
        expectMembers(await elsewhere.inspect(taskId), { status: 'failed', attempt: 1 });
      },
    );

    itCuts(
      'has its task cancelled where that was asked for, and not attempted again (R-ATTEMPT-12)',
      async ({ openWork, openReader, cutOff, elsewhere, taskId }) => {
        await openWork({}, { leaseMs });
        await cutOff();
        equal(await elsewhere.cancel(taskId, { reason: 'Enough.' }), true);
        const reader = await openReader(elsewhere);
        deepEqual((await receiveFrames(reader)).slice(-2).map(tellsOf), [
          ...[['data-task-settle', 'cancelled'], ['abort']],
        ]);
        reader.close();
        expectMembers(await elsewhere.inspect(taskId), { status: 'cancelled', attempt: 1 });
      },
    );
  });

  describe('a runner whose storage is away', () => {
    itCuts(
      'knows of no checkpoint that it is stored, and of no hand-over (R-ATTEMPT-5)',
      async ({ openWork, checkpoint, cutOff, until, elsewhere, taskId }) => {
        const log = await openWork({}, { leaseMs: longLeaseMs, graceMs: 200 });
        const restore = await cutOff();
        equal(await checkpoint(log, 0), false);
        equal(await log.handOver(), 'refused');
        await restore();
        equal(await log.settle(closingFrames(taskId), 'failed'), true);
        // After the grace period that is said before the storage has the outcome.
        await until(async () => (await elsewhere.inspect(taskId))?.status === 'failed');
        expectMembers(await elsewhere.inspect(taskId), { attempt: 1 });
      },
    );

    itCuts(
      'goes on with its attempt when the storage is back (R-STORE-1)',
      async ({ openWork, checkpoint, cutOff, take, startAt, readAll, elsewhere, taskId }) => {
        const log = await openWork({}, { leaseMs: longLeaseMs });
        equal(await checkpoint(log, 0), true);
        const restore = await cutOff();
        log.append(chunk('of the outage'));
        await restore();
        equal(await checkpoint(log, 1), true);
        equal(await log.handOver(), 'waiting');
        const taken = await take({ context: elsewhere });
        deepEqual(taken.start, startAt(1, '1'));
        await taken.log.settle(closingFrames(taskId), 'completed');
        const data = (await readAll(elsewhere)).map((frame) => frame.data);
        equal(data.filter((one) => one === chunk('of the outage')).length, 1);
      },
    );
  });
}
