import { deepEqual, equal, ok } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import { chunk, chunks } from './chunks';
import { expectNone } from './expectations';
import type { ContractSuite } from './suite';

/** Opening a task is atomic, and succeeds once (R-CONTEXT-1). */
export function describeOneProducer({ describe, it, itIf }: ContractSuite): void {
  describe('one producer', () => {
    it('opens a task once', async ({ tryOpen, elsewhere }) => {
      ok(await tryOpen());
      expectNone(await tryOpen());
      expectNone(await tryOpen({ context: elsewhere }));
    });

    itIf('atomic opening across instances', 'replay after the end')(
      'lets one of many win who open at the same time',
      async ({ tryOpen, context, elsewhere, readAll }) => {
        const attempts = Array.from({ length: 50 }, (_, index) =>
          tryOpen({ context: index % 2 ? elsewhere : context, frames: [chunk(index)] }),
        );
        const opened = (await Promise.all(attempts)).filter((log) => log !== undefined);
        equal(opened.length, 1);
        await opened[0]?.settle([], 'completed');
        equal((await readAll(context)).length, 1);
      },
    );

    itIf('replay after the end')(
      'gives the same answer to the same token, without storing the first frames twice',
      async ({ open, tryOpen, context, readAll }) => {
        const token = createTaskId();
        const first = await open({ token });
        first.append(chunk(1));
        await first.flushed();
        ok(await tryOpen({ token }));
        await first.settle([chunk(2)], 'completed');
        deepEqual(await readAll(context), [
          { cursor: '0-0', data: chunk(0) },
          { cursor: '0-1', data: chunk(1) },
          { cursor: '0-2', data: chunk(2) },
        ]);
      },
    );

    itIf('replay after the end')(
      'gives nothing to write to the same token once it has settled, and ends its readers',
      async ({ open, readAll, context, elsewhere }) => {
        const token = createTaskId();
        await (await open({ token })).settle([chunk(1)], 'completed');
        const again = await open({ token });
        const expected = chunks(0, 2).map((data, n) => ({ cursor: `0-${n}`, data }));
        deepEqual(await readAll(context), expected);
        again.append(chunk('late'));
        equal(await again.settle([chunk('late')], 'failed'), false);
        for (const at of [context, elsewhere]) deepEqual(await readAll(at), expected);
      },
    );

    it('does not open a task again that has settled', async ({ open, tryOpen }) => {
      await (await open()).settle([], 'completed');
      expectNone(await tryOpen());
    });

    it('does not open a task of another owner', async ({ open, tryOpen }) => {
      await open({ owner: 'me' });
      expectNone(await tryOpen({ owner: 'you' }));
    });
  });
}
