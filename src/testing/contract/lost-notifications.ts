import { deepEqual, equal } from 'node:assert/strict';
import type { TaskStreamContext } from '../../server/index';
import { withAttempts } from './attempt-bench';
import { aborted, type Bench } from './bench';
import { chunk, chunks, closingFrames } from './chunks';
import { expectMembers } from './expectations';
import { receive, receiveFrames } from './reading';
import { shortLeaseMs as leaseMs, tellsOf } from './storage-trouble';
import type { ContractSuite } from './suite';

/**
 * Makes an instance deaf: whatever others notify it of is lost, while the storage still answers it.
 * The function that is returned lets it hear again.
 */
export type DeafenStreamContext = (
  context: TaskStreamContext,
) => Promise<() => Promise<void> | void> | (() => Promise<void> | void);

/** Notifications are hints: what they tell of is found without them (R-WAKE-1). */
export function describeLostNotifications(
  { describe, it, itIf }: ContractSuite,
  deafen: DeafenStreamContext,
): void {
  /** Runs work while an instance is deaf. */
  const whileDeaf = async (context: TaskStreamContext, work: () => Promise<void>) => {
    const restore = await deafen(context);
    try {
      await work();
    } finally {
      await restore();
    }
  };

  /** Appends frames one by one, and reads each at the other instance, which is deaf meanwhile. */
  const readOneByOne = async ({ open, openReader, elsewhere }: Bench, hasReader: boolean) => {
    const log = await open({ leaseMs });
    const before = hasReader ? await openReader(elsewhere) : undefined;
    const received = before ? await receive(before, 1) : [];
    await whileDeaf(elsewhere, async () => {
      const reader = before ?? (await openReader(elsewhere));
      for (let n = received.length; n < 4; n++) {
        if (n > 0) log.append(chunk(n));
        received.push(...(await receive(reader, 1)));
      }
      equal(await log.settle([chunk(4)], 'completed'), true);
      received.push(...(await receive(reader)));
      reader.close();
    });
    deepEqual(
      received.map(({ data }) => data),
      chunks(0, 5),
    );
  };

  describe('notifications that are lost', () => {
    it('cost readers nothing who were there before (R-WAKE-1)', (bench) =>
      readOneByOne(bench, true));

    it('cost readers nothing who come then (R-WAKE-1)', (bench) => readOneByOne(bench, false));

    itIf('cancel across instances')(
      'keep no cancel from its task (R-WAKE-1)',
      async ({ open, context, elsewhere, taskId }) => {
        const log = await open({ leaseMs });
        await whileDeaf(context, async () => {
          equal(await elsewhere.cancel(taskId, { reason: 'Enough.' }), true);
          expectMembers(await aborted(log), { name: 'AbortError', message: 'Enough.' });
        });
      },
    );

    itIf('attempts')(
      'keep no attempt from readers, nor that the task waits (R-WAKE-1, R-ATTEMPT-4, R-ATTEMPT-11)',
      withAttempts(async ({ openWork, openReader, take, until, elsewhere, taskId }) => {
        const log = await openWork({}, { leaseMs });
        const before = await openReader(elsewhere);
        equal((await receive(before, 2)).length, 2);
        await whileDeaf(elsewhere, async () => {
          log.append(chunk('void'));
          equal(await log.handOver(), 'waiting');
          equal((await receive(before, 1)).length, 1);
          await until(() => before.isWaiting === true);
          const taken = await take({ leaseMs });
          deepEqual(await receive(before), []);
          deepEqual([before.isEnded, before.isCut], [true, true]);
          before.close();
          const after = await openReader(elsewhere);
          equal(await taken.log.settle(closingFrames(taskId), 'completed'), true);
          deepEqual((await receiveFrames(after)).map(tellsOf), [
            ...[['start'], ['data-task-rewind'], ['data-task', 'running']],
            ...[['data-task-settle', 'completed'], ['finish']],
          ]);
          after.close();
        });
      }),
    );

    itIf('attempts')(
      'keep no end from the readers of a task that waits (R-WAKE-1, R-ATTEMPT-12)',
      withAttempts(async ({ openWork, openReader, context, elsewhere, taskId }) => {
        const log = await openWork({}, { leaseMs });
        await whileDeaf(elsewhere, async () => {
          const reader = await openReader(elsewhere);
          equal(await log.handOver({ delayMs: 600_000 }), 'waiting');
          equal(await context.cancel(taskId), true);
          deepEqual((await receiveFrames(reader)).slice(2).map(tellsOf), [
            ...[['data-task', 'cancelled'], ['data-task-settle', 'cancelled'], ['abort']],
          ]);
          reader.close();
        });
      }),
    );
  });
}
