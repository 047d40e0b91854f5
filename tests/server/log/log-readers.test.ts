import type { TaskReader } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../../src/protocol/cursor';
import { createLogReader } from '../../../src/server/log/log-reader';
import { createLogWindow } from '../../../src/server/log/log-window';
import { createWindowTrimmer } from '../../../src/server/log/window-trimmer';
import type { StoredLog } from '../../../src/server/redis/scripts/stored-log';
import { turns } from '../../helpers/async';
import { fc } from '../../helpers/fast-check';
import { base, readFrom, record, taskId } from './model-log';

/** What happens to a task and its readers in one process. */
type Step =
  | { kind: 'write'; count: number; length: number }
  | { kind: 'store' }
  /** Somebody else closes the epoch; what was not stored is not part of the log. */
  | { kind: 'close' }
  | { kind: 'attach'; back: number }
  | { kind: 'read'; reader: number }
  | { kind: 'leave'; reader: number };

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      count: fc.integer({ min: 1, max: 5 }),
      length: fc.constantFrom(10, 1_000, 60_000, 300_000),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'store' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'close' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('attach' as const), back: fc.nat(30) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), reader: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), reader: fc.nat(5) }) },
);

interface Attached {
  reader: TaskReader;
  from: Cursor;
  got: string[];
  /** Set while it waits for more. */
  reading: Promise<void> | undefined;
  /** What it had that then turned out not to be stored. */
  early: Set<string>;
}

describe('the readers of a process', () => {
  it('miss nothing of the log, however much of it is forgotten meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60 }), async (steps) => {
        const window = createLogWindow({ taskId, epoch: base });
        const trimmer = createWindowTrimmer(window);
        const log: string[][] = [[]];
        let stored = 0;
        let attached: Attached[] = [];
        const open = () => log.at(-1)!;
        const write = (length: number) => {
          const frame = `${log.length - 1}-${open().length} ${'x'.repeat(length)}`;
          open().push(frame);
          window.push(frame);
          trimmer.trim(stored);
        };
        const store = () => {
          stored = open().length;
          trimmer.trim(stored);
        };
        const fetchLog = async ({ epoch: at, n: next }: Cursor): Promise<StoredLog> => {
          const all = log.flatMap((frames, of) =>
            frames.slice(0, of === log.length - 1 ? stored : frames.length).map((frame, n) => ({
              epoch: base + of,
              offset: n,
              frames: [frame],
              length: frame.length,
            })),
          );
          const wanted = all.filter(
            (entry) => entry.epoch > at || (entry.epoch === at && entry.offset >= next),
          );
          const closedEpochs = new Map(
            log.slice(0, -1).map(({ length }, of) => [base + of, length]),
          );
          const open = base + log.length - 1;
          return {
            record: { ...record, epoch: open, end: stored - 1, closedEpochs },
            leaseLeftMs: 500,
            now: 1_000,
            frames: wanted.slice(0, 3),
            hasMore: wanted.length > 3,
          };
        };
        const readOn = async (one: Attached) => {
          const { value: range } = await one.reader.next();
          one.reading = undefined;
          if (!range) return;
          const { data, offset, start, end } = range;
          one.got.push(...data.slice(start - offset, end - offset));
        };
        const perform = async (step: Step) => {
          if (step.kind === 'write') {
            for (let count = 0; count < step.count; count++) write(step.length);
          } else if (step.kind === 'store') {
            store();
          } else if (step.kind === 'close') {
            const dropped = open().splice(stored);
            for (const { got, early } of attached) {
              for (const frame of dropped) if (got.includes(frame)) early.add(frame);
            }
            window.openEpoch({ end: stored, next: 0 });
            log.push([]);
            stored = 0;
          } else if (step.kind === 'attach') {
            const epoch = Math.max(0, log.length - 1 - (step.back % 3));
            const from = { epoch, n: Math.max(0, log[epoch]!.length - step.back) };
            const reader = createLogReader({
              window,
              from: readFrom(from),
              history: fetchLog,
            });
            attached.push({ reader, from, got: [], reading: undefined, early: new Set() });
          }
          const one = 'reader' in step && attached[step.reader % attached.length];
          if (one && step.kind === 'read') {
            one.reading ??= readOn(one);
            await turns(2);
          } else if (one) {
            one.reader.close();
            attached = attached.filter((other) => other !== one);
          }
        };

        write(10);
        store();
        for (const step of steps) {
          await perform(step);
          window.wake();
        }
        store();
        window.end();
        window.wake();
        for (const one of attached) {
          while (one.reading || !one.reader.isEnded) await (one.reading ?? readOn(one));
          one.reader.close();
          const wanted = log.flatMap((frames, epoch) =>
            epoch < one.from.epoch ? [] : frames.slice(epoch === one.from.epoch ? one.from.n : 0),
          );
          const got = one.got.filter((frame) => !one.early.has(frame));
          expect(got.map(nameOf)).toEqual(wanted.map(nameOf));
        }
        expect(window.readers.size).toBe(0);
        expect(window.waiters.size).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});

function nameOf(frame: string): string {
  return frame.slice(0, frame.indexOf(' '));
}
