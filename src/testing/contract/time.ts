import { equal, ok } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import { createManualClock, type ManualClock } from '../manual-clock';
import { aborted, type Bench } from './bench';
import { chunk } from './chunks';
import { expectMembers, expectNone } from './expectations';
import { receive } from './reading';
import type { BenchTest, ContractSuite } from './suite';

/** How long a cancel is kept for a task that is not open yet, in milliseconds (R-DELETE-3). */
const earlyCancelMs = 60_000;

type ClockTest = (bench: Bench, clock: ManualClock) => Promise<void>;

/** Logs are kept for a time, and cancels wait for their tasks (R-CONTEXT-4, R-CONTEXT-5). */
export function describeTime(
  { describe, itIf }: ContractSuite,
  { retentionMs }: { retentionMs: number },
): void {
  const withClock =
    (test: ClockTest): BenchTest =>
    async (bench) => {
      const clock = createManualClock();
      bench.onDispose(clock.uninstall);
      await test(bench, clock);
      // Timers of the context that still wait fire now; after the clock is gone they never would.
      await clock.advance(retentionMs + earlyCancelMs);
    };

  describe('time', () => {
    itIf('the time of this process', 'replay after the end')(
      'does not touch a log before the retention is over, which is unknown after it (R-CONTEXT-4)',
      withClock(async ({ open, readAll, taskId, context, elsewhere }, clock) => {
        const log = await open({ chatId: createTaskId() });
        await log.settle([chunk(1)], 'completed');
        await log.release();
        await clock.advance(retentionMs - 1);
        equal((await readAll(context)).length, 2);
        equal((await readAll(elsewhere)).length, 2);
        await clock.advance(2);
        for (const asked of [context, elsewhere]) {
          expectNone(await asked.read(taskId));
          expectNone(await asked.inspect(taskId));
        }
      }),
    );

    itIf('the time of this process', 'replay after the end')(
      'frees the taskId of a log that is gone, for one of later epochs (R-EPOCH-1)',
      withClock(async ({ open, cursorOf }, clock) => {
        await (await open()).settle([], 'completed');
        const epochOf = async () => (await cursorOf(0)).epoch;
        const first = await epochOf();
        await clock.advance(retentionMs + 1);
        await open();
        ok((await epochOf()) > first);
      }),
    );

    itIf('the time of this process')(
      'does not touch a task that is running',
      withClock(async ({ open, openReader, context, taskId }, clock) => {
        const log = await open();
        await clock.advance(2 * retentionMs);
        expectMembers(await context.inspect(taskId), { status: 'running' });
        log.append(chunk(1));
        await log.flushed();
        const reader = await openReader(context);
        equal((await receive(reader, 2)).length, 2);
        reader.close();
      }),
    );

    itIf('the time of this process')(
      'keeps a cancel that came before its task for 60 s (R-CONTEXT-5)',
      withClock(async ({ open, context }, clock) => {
        const [early, late] = [createTaskId(), createTaskId()];
        await context.cancel(early, { reason: 'early' });
        await context.cancel(late, { reason: 'late' });
        await clock.advance(earlyCancelMs - 1);
        expectMembers(await aborted(await open({ taskId: early })), {
          cause: { message: 'early' },
        });
        await clock.advance(2);
        equal((await open({ taskId: late })).signal.aborted, false);
      }),
    );
  });
}
