import { deepEqual, equal } from 'node:assert/strict';
import { withAttempts } from './attempt-bench';
import { chunk, closingFrames } from './chunks';
import { expectMembers } from './expectations';
import { receiveFrames } from './reading';
import { tellsOf } from './storage-trouble';
import type { ContractSuite } from './suite';

/** What is left of attempts in a storage that has lost everything meanwhile */
export function describeEmptiedAttempts(
  { describe, itIf }: ContractSuite,
  empty: () => Promise<void>,
): void {
  const it = itIf('attempts');

  describe('a storage that has lost everything in the second attempt', () => {
    it(
      'has the log begun anew with what a third one needs (R-ATTEMPT-14)',
      withAttempts(async (bench) => {
        const { openWork, openReader, checkpoint, take, startAt, elsewhere, taskId } = bench;
        const work = { attempts: 2, maxTotal: 3, deadlineMs: 600_000, input: '[1]', context: '2' };
        const first = await openWork(work, { savesOutcome: true });
        await first.handOver();
        const second = (await take({ context: elsewhere })).log;
        equal(await checkpoint(second, 0), true);
        second.append(chunk('before'));
        await second.flushed();
        await empty();
        second.append(chunk('after'));
        await second.flushed();
        expectMembers(await elsewhere.inspect(taskId), { status: 'running', attempt: 2 });
        equal(await second.handOver(), 'waiting');
        const third = await take();
        equal(third.log.attempt, 3);
        expectMembers(third, { work, start: startAt(0, '0'), savesOutcome: true });
        equal((third.deadlineLeftMs ?? 0) > 0, true);
        // That was the last one in all.
        equal(await third.log.handOver(), 'refused');
        equal(await third.log.settle(closingFrames(taskId), 'completed'), true);
        const reader = await openReader(elsewhere);
        const received = (await receiveFrames(reader)).map(tellsOf);
        reader.close();
        deepEqual(
          received.filter(([type]) => type === 'start'),
          [['start']],
        );
        // What the storage had and lost, with what came after it, is void by now.
        deepEqual(received.slice(-5), [
          ...[['data-task-error', 'gap'], ['data-task-rewind'], ['data-task', 'running']],
          ...[['data-task-settle', 'completed'], ['finish']],
        ]);
      }),
    );
  });
}
