import { deepEqual, equal, ok } from 'node:assert/strict';
import { chunk, chunks, closingFrames, openingFrames } from './chunks';
import { expectNone } from './expectations';
import { receive } from './reading';
import {
  type CutStreamContext,
  longLeaseMs as leaseMs,
  type TroubledBench,
  until,
  withCut,
} from './storage-trouble';
import type { ContractSuite } from './suite';

/** A storage that is away for a while costs a running task nothing (R-STORE-1). */
export function describeOutage({ describe, it }: ContractSuite, cut: CutStreamContext): void {
  const itCuts = (name: string, test: (bench: TroubledBench) => Promise<void>) =>
    it(name, withCut(cut, test));

  describe('a storage that is away for a while', () => {
    itCuts(
      'neither loses nor doubles anything (R-STORE-1)',
      async ({ open, openReader, cutOff, elsewhere }) => {
        const log = await open({ leaseMs });
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
      },
    );

    itCuts(
      'at the end of a task has readers here told of it after the grace period (R-SETTLE-1)',
      async ({ open, openReader, cutOff, context }) => {
        const log = await open({ leaseMs, graceMs: 200 });
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
      },
    );

    itCuts(
      'at the end of a task learns of that later, and that the host has it (R-SAVE-4)',
      async ({ open, readAll, cutOff, taskId, elsewhere }) => {
        const frames = openingFrames(taskId);
        const log = await open({ leaseMs, graceMs: 200, frames, savesOutcome: true });
        const restore = await cutOff();
        await log.settle(closingFrames(taskId), 'completed');
        equal(log.isStored, false);
        const releasing = log.release({ isSaved: true });
        await restore();
        await releasing;
        await until(async () => {
          const { status, isUnsaved } = (await elsewhere.inspect(taskId)) ?? {};
          return status === 'completed' && isUnsaved === undefined;
        });
        expectNone(await elsewhere.claimOutcome?.(taskId));
        equal((await readAll(elsewhere)).length, 4);
      },
    );
  });
}
