import { equal } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import { aborted } from './bench';
import { expectMembers, expectNone } from './expectations';
import { receive } from './reading';
import type { ContractSuite } from './suite';

const owner = 'me';

/** A task of a definition is unknown to those who ask for one of another (R-HTTP-9). */
export function describeDefinition({ describe, it }: ContractSuite): void {
  describe('a definition', () => {
    it('is kept with the task, which is unknown to those who ask for another', async (bench) => {
      const { open, openReader, taskId, context, elsewhere } = bench;
      const log = await open({ owner, definition: 'report' });
      for (const asked of [context, elsewhere]) {
        expectMembers(await asked.inspect(taskId), { definition: 'report' });
        for (const definition of ['other', '', 'Report']) {
          expectNone(await asked.read(taskId, { owner, definition }));
          equal(await asked.cancel(taskId, { owner, definition }), false);
        }
        expectNone(await asked.read(taskId, { definition: 'report' }));
        for (const options of [{ owner }, { owner, definition: 'report' }]) {
          const reader = await openReader(asked, options);
          equal((await receive(reader, 1)).length, 1);
          reader.close();
        }
      }
      equal(log.signal.aborted, false);
      equal(await context.cancel(taskId, { owner, definition: 'report' }), true);
      await aborted(log);
    });

    it('is none of a task that was opened without, which only those can ask for who name none', async (bench) => {
      const { open, taskId, context } = bench;
      const log = await open();
      expectNone((await context.inspect(taskId))?.definition);
      for (const definition of ['report', '']) {
        expectNone(await context.read(taskId, { definition }));
        equal(await context.cancel(taskId, { definition }), false);
      }
      equal(await context.cancel(taskId), true);
      await aborted(log);
    });

    it('has the cancels for itself that name it before the task comes', async (bench) => {
      const { open, taskId, context } = bench;
      await context.cancel(taskId, { owner, definition: 'other', reason: 'not meant' });
      await context.cancel(taskId, { owner, definition: '', reason: 'not meant' });
      const log = await open({ owner, definition: 'report' });
      await log.flushed();
      equal(log.signal.aborted, false);

      const [meantId, anyId, noneId] = [createTaskId(), createTaskId(), createTaskId()];
      await context.cancel(meantId, { owner, definition: 'report', reason: 'meant' });
      const meant = await open({ taskId: meantId, owner, definition: 'report' });
      expectMembers(await aborted(meant), { cause: { message: 'meant' } });
      await context.cancel(anyId, { owner, reason: 'any' });
      const any = await open({ taskId: anyId, owner, definition: 'report' });
      expectMembers(await aborted(any), { cause: { message: 'any' } });
      await context.cancel(noneId, { owner, definition: 'report' });
      const none = await open({ taskId: noneId, owner });
      await none.flushed();
      equal(none.signal.aborted, false);
    });
  });
}
