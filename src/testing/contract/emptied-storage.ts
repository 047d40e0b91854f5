import { deepEqual, equal, ok } from 'node:assert/strict';
import { aborted } from './bench';
import { chunk, closingFrames, openingFrames, openTextFrames } from './chunks';
import { expectMembers, expectRefusal } from './expectations';
import { receive, receiveFrames } from './reading';
import { type CutStreamContext, longLeaseMs as leaseMs, tellsOf, withCut } from './storage-trouble';
import type { ContractSuite } from './suite';

/** A storage that has lost everything, such as one without a disk that was restarted. */
export function describeEmptiedStorage(
  { describe, it }: ContractSuite,
  { empty, cut }: { empty: () => Promise<void>; cut: CutStreamContext | undefined },
): void {
  describe('a storage that has lost everything', () => {
    it('has the log of a running task begun anew, in a later epoch (R-EPOCH-1)', async (bench) => {
      const { open, openReader, cursorOf, taskId, elsewhere } = bench;
      const log = await open({ leaseMs, frames: openingFrames(taskId) });
      for (const data of openTextFrames()) log.append(data);
      await log.flushed();
      const { epoch: firstEpoch } = await cursorOf(0);
      await empty();
      log.append(JSON.stringify({ type: 'text-delta', id: 't', delta: 'lo' }));
      await log.flushed();
      equal(await log.settle(closingFrames(taskId), 'completed'), true);
      const reader = await openReader(elsewhere);
      const received = await receiveFrames(reader);
      reader.close();
      deepEqual(received.slice(0, 4).map(tellsOf), [
        ['start'],
        ['data-task', 'running'],
        ['data-task-error', 'gap'],
        ['text-start'],
      ]);
      deepEqual(received.slice(-2).map(tellsOf), [['data-task-settle', 'completed'], ['finish']]);
      for (const { epoch } of received) ok(epoch > firstEpoch);
    });

    it('and a task that was opened again counts for its first producer as closed (R-EPOCH-2)', async (bench) => {
      const { open, openReader, taskId, elsewhere } = bench;
      const log = await open({ leaseMs, frames: openingFrames(taskId) });
      await empty();
      const other = await open({ leaseMs, frames: openingFrames(taskId), context: elsewhere });
      log.append(chunk('of the first'));
      expectMembers(await aborted(log), { name: 'AbortError', cause: { code: 'lost' } });
      equal(await log.settle(closingFrames(taskId), 'completed'), false);
      other.append(chunk('of the second'));
      equal(await other.settle(closingFrames(taskId), 'completed'), true);
      const reader = await openReader(elsewhere);
      deepEqual((await receive(reader)).map(({ data }) => data)[2], chunk('of the second'));
      reader.close();
    });

    if (!cut) return;
    it(
      'has a task that was seen running away, and not unknown (R-AWAY-1)',
      withCut(cut, async ({ open, cutOff, taskId, elsewhere }) => {
        await open({ leaseMs, frames: openingFrames(taskId) });
        expectMembers(await elsewhere.inspect(taskId), { status: 'running' });
        // The producer is cut off first, so that it cannot begin the log anew.
        await cutOff();
        await empty();
        await expectRefusal(elsewhere.read(taskId), 'context-unavailable');
        await expectRefusal(elsewhere.inspect(taskId), 'context-unavailable');
      }),
    );
  });
}
