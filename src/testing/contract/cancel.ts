import { equal, ok } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import { aborted } from './bench';
import { chunk } from './chunks';
import { expectMembers } from './expectations';
import type { ContractSuite } from './suite';

/** Reasons that are too long, or that end or hold half a character, and what is kept of them. */
const boundReasons: readonly (readonly [given: string, kept: string])[] = [
  ['x'.repeat(1_000), 'x'.repeat(1_000)],
  ['x'.repeat(14_000), 'x'.repeat(1_000)],
  [`${'x'.repeat(999)}\u{1F600}y`, 'x'.repeat(999)],
  [`${'x'.repeat(998)}\u{1F600}y`, `${'x'.repeat(998)}\u{1F600}`],
  ['\u{1F600}'.repeat(7_000), '\u{1F600}'.repeat(500)],
  ['\ufeffone half: \ud800', '\ufeffone half: \ufffd'],
];

/** A cancel reaches the producer whenever it was asked for (R-CONTEXT-5). */
export function describeCancel({ describe, it, itIf }: ContractSuite): void {
  const itCancels = itIf('cancel across instances');

  describe('a cancel', () => {
    itCancels('reaches the producer, from wherever it is asked for', async (bench) => {
      const { open, elsewhere, taskId } = bench;
      const log = await open();
      equal(log.signal.aborted, false);
      equal(await elsewhere.cancel(taskId, { reason: 'Enough.' }), true);
      expectMembers(await aborted(log), {
        name: 'AbortError',
        cause: { name: 'TaskError', code: 'cancelled', message: 'Enough.' },
      });
      ok(log.signal.reason instanceof DOMException);
    });

    it('needs no reason', async ({ open, context, taskId }) => {
      const log = await open();
      await context.cancel(taskId);
      expectMembers(await aborted(log), {
        cause: { code: 'cancelled', message: 'The task was cancelled.' },
      });
    });

    itCancels('keeps its first reason when it is asked for again', async (bench) => {
      const { open, context, elsewhere, taskId } = bench;
      const token = createTaskId();
      const log = await open({ token });
      equal(await context.cancel(taskId, { reason: 'first' }), true);
      equal(await elsewhere.cancel(taskId, { reason: 'second' }), true);
      expectMembers(await aborted(log), { cause: { message: 'first' } });
      const again = await open({ token });
      expectMembers(await aborted(again), { cause: { message: 'first' } });
    });

    itIf('replay after the end')('leaves the log open: the producer settles', async (bench) => {
      const { open, readAll, context, taskId } = bench;
      const log = await open();
      await context.cancel(taskId);
      await aborted(log);
      log.append(chunk(1));
      equal(await log.settle([chunk(2)], 'cancelled'), true);
      equal((await readAll(context)).length, 3);
    });

    it('is refused once the task is over', async ({ open, context, taskId }) => {
      await (await open()).settle([], 'completed');
      equal(await context.cancel(taskId), false);
    });

    it('is refused to others than the owner', async ({ open, context, taskId }) => {
      const log = await open({ owner: 'me' });
      for (const owner of [undefined, '', 'you']) {
        equal(await context.cancel(taskId, { owner }), false);
      }
      equal(log.signal.aborted, false);
      equal(await context.cancel(taskId, { owner: 'me' }), true);
      await aborted(log);
    });

    itCancels('that comes before the task is kept for it, with its first reason', async (bench) => {
      const { open, context, elsewhere, taskId } = bench;
      equal(await elsewhere.cancel(taskId, { owner: 'me', reason: 'first' }), true);
      equal(await context.cancel(taskId, { owner: 'me', reason: 'second' }), true);
      const log = await open({ owner: 'me' });
      expectMembers(await aborted(log), { cause: { code: 'cancelled', message: 'first' } });
    });

    it('that comes before the task is bound to its owner', async ({ open, context, taskId }) => {
      equal(await context.cancel(taskId, { owner: 'you', reason: 'x' }), true);
      equal(await context.cancel(taskId), true);
      const log = await open({ owner: 'me' });
      await log.flushed();
      equal(log.signal.aborted, false);
    });

    itIf('checks of its own')(
      'has a reason of at most 1,000 characters, which is not cut within one (R-DELETE-4)',
      async ({ open, context }) => {
        for (const isEarly of [false, true]) {
          for (const [reason, kept] of boundReasons) {
            const taskId = createTaskId();
            if (isEarly) await context.cancel(taskId, { reason });
            const log = await open({ taskId });
            if (!isEarly) await context.cancel(taskId, { reason });
            expectMembers(await aborted(log), { cause: { message: kept } });
          }
        }
      },
    );
  });
}
