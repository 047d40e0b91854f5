import { equal, fail } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import { withAttempts } from './attempt-bench';
import { chunk, closingFrames } from './chunks';
import { expectMembers, expectNone } from './expectations';
import type { ContractSuite } from './suite';

/** A task has one outcome, whatever the number of attempts (R-ATTEMPT-2). */
export function describeAttemptOutcomes({ describe, itIf }: ContractSuite): void {
  const it = itIf('attempts');
  const itSaves = itIf('attempts', 'unsaved outcomes');

  describe('the outcome of a task that is attempted again', () => {
    it(
      'is told once, after all attempts, and keeps their number (R-ATTEMPT-2)',
      withAttempts(async ({ openWork, take, readAll, tryTake, context, elsewhere, taskId }) => {
        const log = await openWork();
        await log.handOver();
        const second = (await take({ context: elsewhere })).log;
        equal(await log.settle(closingFrames(taskId), 'completed'), false);
        equal(await second.settle(closingFrames(taskId), 'completed'), true);
        equal(await second.settle([chunk('late')], 'failed'), false);
        second.append(chunk('late'));
        await second.flushed();
        for (const at of [context, elsewhere]) {
          const record = await at.inspect(taskId);
          expectMembers(record, { status: 'completed', attempt: 2, isWaiting: undefined });
          const settled = (await readAll(at)).filter(({ data }) => data.includes('task-settle'));
          equal(settled.length, 1);
        }
        equal(await second.handOver(), 'closed');
        expectNone(await tryTake());
        equal(await elsewhere.cancel(taskId), false);
      }),
    );

    it(
      'leaves nothing to hand over to who opens the task again with the same token (R-ATTEMPT-8)',
      withAttempts(async ({ openWork, context, taskId }) => {
        const token = createTaskId();
        const log = await openWork({}, { token });
        equal(await log.settle(closingFrames(taskId), 'completed'), true);
        const again = await openWork({}, { token });
        equal(await again.handOver(), 'closed');
        expectMembers(await context.inspect(taskId), { status: 'completed', attempt: 1 });
      }),
    );

    itSaves(
      'is unsaved until the runner that settled it has released it (R-SAVE-1)',
      withAttempts(async ({ openWork, take, context, elsewhere, taskId }) => {
        const chatId = createTaskId();
        const log = await openWork({}, { chatId, savesOutcome: true });
        await log.handOver();
        expectMembers(await context.claimOutcome?.(taskId), { kind: 'running' });
        const second = (await take({ context: elsewhere })).log;
        await second.settle(closingFrames(taskId), 'completed');
        expectMembers(await context.inspect(taskId), { isUnsaved: true });
        equal((await context.claimOutcome?.(taskId))?.kind, 'held');
        // The runner before has no part in that.
        await log.release({ isSaved: true });
        expectMembers(await context.inspect(taskId), { isUnsaved: true });
        equal(await context.activeTask(chatId), taskId);
        await second.release({ isSaved: true });
        expectMembers(await context.inspect(taskId), { isUnsaved: undefined });
        expectNone(await context.activeTask(chatId));
      }),
    );

    itSaves(
      'is left to whoever claims it, where the task was closed while it waited (R-SAVE-2)',
      withAttempts(async ({ openWork, context, elsewhere, taskId }) => {
        const chatId = createTaskId();
        const continued = JSON.stringify({ id: 'm', role: 'assistant', parts: [] });
        const log = await openWork({}, { chatId, savesOutcome: true, continued });
        await log.handOver();
        equal(await elsewhere.cancel(taskId), true);
        expectMembers(await context.inspect(taskId), { status: 'cancelled', isUnsaved: true });
        equal(await context.activeTask(chatId), taskId);
        const claiming = await context.claimOutcome?.(taskId);
        const claim = claiming?.kind === 'claimed' ? claiming.claim : fail(`${claiming?.kind}`);
        equal(claim.continued, continued);
        await claim.release({ isSaved: true });
        expectMembers(await elsewhere.inspect(taskId), { isUnsaved: undefined });
        expectNone(await elsewhere.activeTask(chatId));
      }),
    );
  });
}
