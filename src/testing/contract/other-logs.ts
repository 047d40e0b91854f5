import { deepEqual, equal } from 'node:assert/strict';
import { chunks } from './chunks';
import { expectMembers } from './expectations';
import { receiveFrames } from './reading';
import type { BenchTest, ContractSuite } from './suite';

/** A cursor of another log of the same taskId is no place in the present log (R-CURSOR-8). */
export function describeOtherLogs({ describe, it, itIf }: ContractSuite): void {
  const tellsAndGivesAll = (isSettled: boolean) => async (bench: Parameters<BenchTest>[0]) => {
    const { open, openReader, cursorOf, taskId, context } = bench;
    const log = await open({ frames: chunks(0, 3) });
    if (isSettled) await log.settle([], 'completed');
    const { epoch } = await cursorOf(0);
    const foreign = [
      [0, 0],
      [1, 7],
      [epoch - 1, 0],
      [epoch + 1, 2],
      [999_999_999_999_999, 0],
    ];
    for (const [otherEpoch = 0, n = 0] of foreign) {
      const reader = await openReader(context, { cursor: { epoch: otherEpoch, n } });
      equal(reader.isEnded, false);
      const [told, ...frames] = await receiveFrames(reader, 4);
      expectMembers(told, { epoch: otherEpoch, n });
      expectMembers(JSON.parse(told?.data ?? ''), {
        type: 'data-task-error',
        data: { taskId, code: 'gap', details: { cause: 'another-log' } },
      });
      deepEqual(
        frames,
        chunks(0, 3).map((data, index) => ({ epoch, n: index, data })),
      );
      equal(reader.isEnded, isSettled);
      reader.close();
    }
  };

  describe('a cursor of another log', () => {
    it(
      'of a running task is answered with a gap under that cursor, and the whole log',
      tellsAndGivesAll(false),
    );

    itIf('replay after the end')(
      'of a settled task is answered in the same way',
      tellsAndGivesAll(true),
    );
  });
}
