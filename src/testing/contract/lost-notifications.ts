import { deepEqual, equal } from 'node:assert/strict';
import type { TaskStreamContext } from '../../server/index';
import { aborted, type Bench } from './bench';
import { chunk, chunks } from './chunks';
import { expectMembers } from './expectations';
import { receive } from './reading';
import { shortLeaseMs as leaseMs } from './storage-trouble';
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
  });
}
