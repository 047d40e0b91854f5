import { deepEqual, equal, ok } from 'node:assert/strict';
import type { TaskStreamContext } from '../../server/index';
import { aborted, type Bench, settleDown } from './bench';
import { chunk, chunks, closingFrames, openingFrames } from './chunks';
import { expectMembers } from './expectations';
import { type ReceivedFrame, receive, receiveFrames } from './reading';
import type { BenchTest, ContractSuite } from './suite';

/** Cuts an instance off its storage; the function that is returned lets it back. */
export type CutStreamContext = (context: TaskStreamContext) => Promise<() => Promise<void> | void>;

/** A lease that a test can wait for, in milliseconds; two heartbeat intervals. */
const leaseMs = 500;

/** The type of a chunk, and the status or code that it tells, if it tells one. */
function tellsOf({ data }: ReceivedFrame): unknown[] {
  const told = JSON.parse(data);
  return [told.type, told.data?.status ?? told.data?.code].filter((part) => part !== undefined);
}

/** Asks until a task is over. Nobody reads it. */
async function whenOver(at: TaskStreamContext, taskId: string): Promise<void> {
  while ((await at.inspect(taskId))?.status === 'running') await settleDown();
}

/** What contexts promise that several processes share, when one of these is cut off. */
export function describeLostProducer({ describe, it }: ContractSuite, cut: CutStreamContext): void {
  /** Runs a test that cuts the instance which runs tasks, and lets it back at the end. */
  const withCut =
    (
      test: (bench: Bench & { cutOff(): Promise<() => Promise<void>> }) => Promise<void>,
    ): BenchTest =>
    async (bench) => {
      const restores: (() => Promise<void> | void)[] = [];
      const restoreAll = async () => {
        for (const restore of restores.splice(0)) await restore();
      };
      const cutOff = async () => {
        restores.push(await cut(bench.context));
        return restoreAll;
      };
      try {
        await test({ ...bench, cutOff });
      } finally {
        await restoreAll();
      }
    };

  describe('a producer that is cut off its storage', () => {
    it(
      'for long has its task closed once, in the next epoch, with its open parts (R-LEASE-2, R-EPOCH-1)',
      withCut(async ({ open, openReader, cutOff, taskId, elsewhere }) => {
        const text = [
          { type: 'text-start', id: 't' },
          { type: 'text-delta', id: 't', delta: 'Hel' },
        ];
        const opening = openingFrames(taskId);
        const frames = [...opening, ...text.map((part) => JSON.stringify(part))];
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
      }),
    );

    it(
      'for long has its task closed though nobody reads it (R-LEASE-3)',
      withCut(async ({ open, cutOff, taskId, elsewhere }) => {
        await open({ leaseMs, frames: openingFrames(taskId) });
        await cutOff();
        await whenOver(elsewhere, taskId);
        expectMembers(await elsewhere.inspect(taskId), { status: 'failed' });
      }),
    );

    it(
      'for long may write nothing any more, and learns of it (R-FENCE-1)',
      withCut(async ({ open, readAll, cutOff, taskId, elsewhere }) => {
        const log = await open({ leaseMs, frames: openingFrames(taskId) });
        const restore = await cutOff();
        await whenOver(elsewhere, taskId);
        const closed = await readAll(elsewhere);
        log.append(chunk('late'));
        await restore();
        expectMembers(await aborted(log), { name: 'AbortError', cause: { code: 'lost' } });
        log.append(chunk('later'));
        equal(await log.settle(closingFrames(taskId), 'completed'), false);
        deepEqual(await readAll(elsewhere), closed);
      }),
    );

    it(
      'for long is told to be cancelled where that was asked for (R-LEASE-2)',
      withCut(async ({ open, cutOff, taskId, elsewhere }) => {
        await open({ leaseMs, frames: openingFrames(taskId) });
        await cutOff();
        equal(await elsewhere.cancel(taskId, { reason: 'Enough.' }), true);
        await whenOver(elsewhere, taskId);
        expectMembers(await elsewhere.inspect(taskId), { status: 'cancelled' });
      }),
    );

    it(
      'for a while loses and doubles nothing (R-STORE-1)',
      withCut(async ({ open, openReader, cutOff, elsewhere }) => {
        const log = await open({ leaseMs: 60_000 });
        const reader = await openReader(elsewhere);
        for (const data of chunks(1, 10)) log.append(data);
        await log.flushed();
        const restore = await cutOff();
        for (const data of chunks(10, 30)) log.append(data);
        await restore();
        equal(await log.settle([chunk(30)], 'completed'), true);
        const expected = chunks(0, 31).map((data, n) => ({ cursor: `0-${n}`, data }));
        deepEqual(await receive(reader), expected);
        reader.close();
      }),
    );

    it(
      'at its end tells the readers here of it after the grace period (R-SETTLE-1, R-SAVE-4)',
      withCut(async ({ open, openReader, cutOff, context }) => {
        const log = await open({ leaseMs: 60_000, graceMs: 200 });
        const reader = await openReader(context);
        await cutOff();
        log.append(chunk(1));
        ok(await log.settle([chunk(2)], 'completed'));
        equal(log.isStored, false);
        deepEqual(
          (await receive(reader)).map(({ data }) => data),
          chunks(0, 3),
        );
        reader.close();
      }),
    );
  });
}
