import type { TaskReader } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../../src/protocol/cursor';
import { createLogReader } from '../../../src/server/log/log-reader';
import { createLogWindow } from '../../../src/server/log/log-window';
import type { StoredLog } from '../../../src/server/redis/scripts/stored-log';
import { receiveFrames } from '../../../src/testing/contract/reading';
import { turns } from '../../helpers/async';
import { fc } from '../../helpers/fast-check';
import { base, frameOf, gap, type Received, record, taskId } from './model-log';

describe('the readers of a process whose task is started again, and again', () => {
  const runArbitrary = fc.record({
    /** How far its epoch lies above the one before. */
    jump: fc.integer({ min: 1, max: 10_000_000_000 }),
    /** Frames that are there when it takes the place of the one before, and that come then. */
    before: fc.integer({ min: 1, max: 5 }),
    after: fc.nat(5),
    /** How many turns go by, and which readers come, with which of the cursors so far. */
    turns: fc.nat(3),
    cursors: fc.array(fc.nat(30), { maxLength: 3 }),
    /** Whether this process has the frames at hand that come. */
    isAtHand: fc.boolean(),
  });

  it('get one run after the other, each from its start and behind a gap, and all of the last (R-CURSOR-9)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(runArbitrary, { minLength: 1, maxLength: 5 }), async (runs) => {
        let epoch = base;
        let size = 0;
        const window = createLogWindow({ taskId, epoch, next: 0 });
        const cursors: { epoch: number; n: number }[] = [];
        const sizes = new Map<number, number>();
        const readings: {
          cursor: string | undefined;
          reader: TaskReader;
          done: Promise<Received[]>;
        }[] = [];
        const grow = (count: number) => {
          for (let grown = 0; grown < count; grown++) cursors.push({ epoch, n: size++ });
          sizes.set(epoch, size);
        };
        // As of when it was asked for: it may come when another run has begun.
        const fetchLog = async ({ epoch: at, n: next }: Cursor): Promise<StoredLog> => {
          const [of, count] = [epoch, size];
          await turns(2);
          const first = of > at ? 0 : next;
          const frames = Array.from({ length: Math.max(0, count - first) }, (_, index) => ({
            epoch: of,
            offset: first + index,
            frames: [frameOf(of, first + index)],
            length: 10,
          }));
          const found = of < at ? [] : frames.slice(0, 2);
          return {
            record: {
              ...record,
              firstEpoch: of,
              epoch: of,
              end: count - 1,
              closedEpochs: new Map(),
            },
            leaseLeftMs: 500,
            now: 1_000,
            frames: found,
            hasMore: of >= at && frames.length > 2,
          };
        };
        const attach = (cursor: { epoch: number; n: number } | undefined) => {
          const reader = createLogReader({
            window,
            from: { cursor },
            history: fetchLog,
          });
          const shown = cursor && `${cursor.epoch}-${cursor.n}`;
          readings.push({ cursor: shown, reader, done: readRuns(reader) });
        };

        for (const run of runs) {
          epoch += run.jump;
          size = 0;
          grow(run.before);
          window.changeLog(epoch);
          window.skipTo(size);
          window.wake();
          attach(undefined);
          for (const index of run.cursors) attach(cursors[index % cursors.length]);
          await turns(run.turns);
          for (let count = 0; count < run.after; count++) {
            grow(1);
            if (run.isAtHand) window.push(frameOf(epoch, size - 1));
            else window.skipTo(size);
            window.wake();
            await turns(run.turns);
          }
        }
        window.end();
        window.wake();
        for (const { cursor, reader, done } of readings) {
          const received = await done;
          expect(reader.isCut).toBe(false);
          reader.close();
          let last = cursor;
          let isTold = false;
          for (const [at, frame] of received) {
            if (frame === gap) {
              expect(at).toBe(last);
              isTold = true;
              continue;
            }
            const [of = 0, n = 0] = at.split('-').map(Number);
            const [lastOf, lastN = -1] = last?.split('-').map(Number) ?? [];
            expect(frame).toBe(frameOf(of, n));
            // Within one run nothing is left out; another begins behind a gap, from its start.
            const isSame = of === lastOf;
            expect(n).toBe(isSame ? lastN + 1 : 0);
            expect(isTold).toBe(!isSame && last !== undefined);
            last = at;
            isTold = false;
          }
          expect(last).toBe(`${epoch}-${size - 1}`);
        }
        expect(window.readers.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  async function readRuns(reader: TaskReader): Promise<Received[]> {
    const received = await receiveFrames(reader);
    return received.map(({ epoch, n, data }) => [
      `${epoch}-${n}`,
      data.includes('another-log') ? gap : data,
    ]);
  }
});
