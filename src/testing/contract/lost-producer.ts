import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import { aborted, settleDown } from './bench';
import { chunk, closingFrames, openingFrames, openTextFrames } from './chunks';
import { expectMembers, expectNone } from './expectations';
import { receiveFrames } from './reading';
import {
  type CutStreamContext,
  shortLeaseMs as leaseMs,
  type TroubledBench,
  tellsOf,
  until,
  untilOver,
  withCut,
} from './storage-trouble';
import type { ContractSuite } from './suite';

/** What contexts that share a storage promise when a process is away for longer than its lease. */
export function describeLostProducer({ describe, it }: ContractSuite, cut: CutStreamContext): void {
  const itCuts = (name: string, test: (bench: TroubledBench) => Promise<void>) =>
    it(name, withCut(cut, test));

  describe('a producer that is gone', () => {
    itCuts(
      'has its task closed once, in the next epoch, with its open parts (R-LEASE-2, R-EPOCH-1)',
      async ({ open, openReader, cutOff, taskId, elsewhere }) => {
        const frames = [...openingFrames(taskId), ...openTextFrames()];
        await open({ leaseMs, frames });
        const readers = [await openReader(elsewhere), await openReader(elsewhere)];
        await cutOff();
        const [received = [], others] = await Promise.all(
          readers.map((reader) => receiveFrames(reader)),
        );
        deepEqual(others, received);
        const closing = received.slice(frames.length);
        deepEqual(closing.map(tellsOf), [
          ['text-end'],
          ['data-task', 'failed'],
          ['data-task-error', 'lost'],
          ['data-task-settle', 'failed'],
          ['error'],
        ]);
        const { epoch = 0 } = received[0] ?? {};
        deepEqual(
          closing.map((frame) => [frame.epoch, frame.n]),
          closing.map((_, n) => [epoch + 1, n]),
        );
        for (const reader of readers) {
          equal(reader.isCut ?? false, false);
          reader.close();
        }
      },
    );

    itCuts(
      'has its task closed though nobody reads it (R-LEASE-3)',
      async ({ open, cutOff, taskId, elsewhere }) => {
        await open({ leaseMs, frames: openingFrames(taskId) });
        await cutOff();
        await untilOver(elsewhere, taskId);
        expectMembers(await elsewhere.inspect(taskId), { status: 'failed' });
      },
    );

    itCuts(
      'has its task cancelled where that was asked for (R-LEASE-2)',
      async ({ open, cutOff, taskId, elsewhere }) => {
        await open({ leaseMs, frames: openingFrames(taskId) });
        await cutOff();
        equal(await elsewhere.cancel(taskId, { reason: 'Enough.' }), true);
        await untilOver(elsewhere, taskId);
        expectMembers(await elsewhere.inspect(taskId), { status: 'cancelled' });
      },
    );

    itCuts(
      'may write nothing once its task was closed, and learns of it (R-FENCE-1)',
      async ({ open, readAll, cutOff, taskId, elsewhere }) => {
        const log = await open({ leaseMs, frames: openingFrames(taskId) });
        const restore = await cutOff();
        await untilOver(elsewhere, taskId);
        const closed = await readAll(elsewhere);
        log.append(chunk('late'));
        await restore();
        expectMembers(await aborted(log), { name: 'AbortError', cause: { code: 'lost' } });
        log.append(chunk('later'));
        equal(await log.settle(closingFrames(taskId), 'completed'), false);
        deepEqual(await readAll(elsewhere), closed);
      },
    );

    itCuts(
      'goes on when it comes back and nobody has missed it (R-FENCE-1)',
      async ({ open, readAll, cutOff, taskId, elsewhere }) => {
        const log = await open({ leaseMs, frames: openingFrames(taskId) });
        const restore = await cutOff();
        // Twice the producer's lease, in which nobody asks for the task.
        for (let waited = 0; waited < 2 * leaseMs; waited += 100) await settleDown();
        log.append(chunk('later'));
        await restore();
        equal(await log.settle(closingFrames(taskId), 'completed'), true);
        equal(log.signal.aborted, false);
        equal((await readAll(elsewhere)).length, 5);
      },
    );

    itCuts(
      'leaves its outcome to others, who have its chat until then (R-SAVE-2, R-CONTEXT-6)',
      async ({ open, cutOff, taskId, elsewhere }) => {
        const chatId = createTaskId();
        const frames = openingFrames(taskId);
        await open({ leaseMs, frames, chatId, savesOutcome: true, continued: undefined });
        await cutOff();
        await untilOver(elsewhere, taskId);
        expectMembers(await elsewhere.inspect(taskId), { isUnsaved: true });
        equal(await elsewhere.activeTask(chatId), taskId);
        const claiming = await elsewhere.claimOutcome?.(taskId);
        equal(claiming?.kind, 'claimed');
        if (claiming?.kind === 'claimed') await claiming.claim.release({ isSaved: true });
        expectNone((await elsewhere.inspect(taskId))?.isUnsaved);
        expectNone(await elsewhere.activeTask(chatId));
      },
    );

    itCuts(
      'before its host has the outcome leaves that to others, too (R-SAVE-3)',
      async ({ open, cutOff, taskId, elsewhere }) => {
        const log = await open({ leaseMs, frames: openingFrames(taskId), savesOutcome: true });
        equal(await log.settle(closingFrames(taskId), 'completed'), true);
        await cutOff();
        notEqual((await elsewhere.claimOutcome?.(taskId))?.kind, undefined);
        const isClaimed = async () => (await elsewhere.claimOutcome?.(taskId))?.kind === 'claimed';
        await until(isClaimed);
      },
    );
  });

  describe('a producer that is silent', () => {
    it('keeps its task (R-LEASE-1)', async ({ open, taskId, elsewhere }) => {
      const log = await open({ leaseMs, frames: openingFrames(taskId) });
      for (let waited = 0; waited < 2 * leaseMs; waited += 100) {
        await settleDown();
        expectMembers(await elsewhere.inspect(taskId), { status: 'running' });
      }
      equal(await log.settle(closingFrames(taskId), 'completed'), true);
    });
  });
}
