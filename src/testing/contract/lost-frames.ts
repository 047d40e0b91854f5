import { deepEqual, equal, ok } from 'node:assert/strict';
import { chunk, chunks } from './chunks';
import { longLeaseMs as leaseMs, tellsOf } from './storage-trouble';
import type { ContractSuite } from './suite';

/** Takes some frames of a task's log from the storage, one at least, and leaves the others. */
export type LoseFrames = (taskId: string) => Promise<void>;

/** How many frames the log has of which some are lost. */
const frameCount = 12;

/** Readers are told of frames that are missing in the middle of a log (R-STORE-2). */
export function describeLostFrames({ describe, itIf }: ContractSuite, lose: LoseFrames): void {
  describe('frames that the storage has lost', () => {
    itIf('replay after the end')(
      'are told of as a gap, with the cursor of the last one (R-STORE-2)',
      async ({ open, readAll, createContext, taskId }) => {
        const log = await open({ leaseMs });
        for (const data of chunks(1, frameCount - 1)) {
          log.append(data);
          await log.flushed();
        }
        equal(await log.settle([chunk(frameCount - 1)], 'completed'), true);
        await lose(taskId);
        let next = 0;
        let gaps = 0;
        for (const { cursor, data } of await readAll(await createContext())) {
          const n = Number(cursor.split('-')[1]);
          if (tellsOf({ data })[1] === 'gap') {
            ok(n >= next, 'A gap has the cursor of the last frame that is missing.');
            gaps++;
          } else deepEqual([n, data], [next, chunk(next)]);
          next = n + 1;
        }
        equal(next, frameCount);
        ok(gaps > 0, 'The hook has lost nothing, or readers are not told of it.');
      },
    );
  });
}
