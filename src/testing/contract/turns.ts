import { deepEqual, equal } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import type { TaskStreamContext } from '../../server/index';
import { withAttempts } from './attempt-bench';
import { type Bench, settleDown } from './bench';
import type { ContractSuite } from './suite';

/** Notes when a promise has resolved. */
function watch(promise: Promise<void> | undefined): { isDone: boolean; done: Promise<void> } {
  const watched = { isDone: false, done: Promise.resolve() };
  watched.done = (promise ?? Promise.resolve()).then(() => {
    watched.isDone = true;
  });
  return watched;
}

/** Tries three turns of a chat, of which the second runs on the instance `at`. */
async function savesInOrder({ open }: Bench, at: TaskStreamContext): Promise<void> {
  const chatId = createTaskId();
  const firstId = createTaskId();
  const first = await open({ chatId, savesOutcome: true, taskId: firstId });
  const secondId = createTaskId();
  const second = await open({ chatId, savesOutcome: true, taskId: secondId, context: at });
  const third = await open({ chatId, savesOutcome: true, taskId: createTaskId() });
  const before = third.predecessors;
  if (before)
    deepEqual(
      [firstId, secondId].map((id) => before.includes(id)),
      [true, true],
    );
  await second.settle([], 'cancelled');
  await third.settle([], 'completed');
  const beforeSecond = watch(second.predecessorsSaved?.());
  const beforeThird = watch(third.predecessorsSaved?.());
  await settleDown();
  deepEqual([beforeSecond.isDone, beforeThird.isDone], [false, false]);
  await first.settle([], 'cancelled');
  await settleDown();
  deepEqual([beforeSecond.isDone, beforeThird.isDone], [false, false]);
  await first.release({ isSaved: true });
  await beforeSecond.done;
  await settleDown();
  equal(beforeThird.isDone, false);
  await second.release({ isSaved: false });
  await beforeThird.done;
}

/** The turns of a chat are saved in their order (R-SAVE-5). */
export function describeTurns({ describe, itIf }: ContractSuite): void {
  const itSavesInOrder = itIf('turns in order');

  describe('the turns of a chat', () => {
    itSavesInOrder('are saved in their order, or given up (R-SAVE-5)', (bench) =>
      savesInOrder(bench, bench.context),
    );

    itIf(
      'turns in order',
      'chats across instances',
      'replay after the end',
    )('are saved in their order across instances (R-SAVE-5)', (bench) =>
      savesInOrder(bench, bench.elsewhere),
    );

    itIf('turns in order', 'attempts')(
      'are saved in their order, whoever takes them (R-SAVE-5)',
      withAttempts(async ({ open, openWork, take, taskId, context, elsewhere }) => {
        const of = { chatId: createTaskId(), savesOutcome: true };
        const firstId = createTaskId();
        const first = await open({ ...of, taskId: firstId });
        await openWork({}, { ...of, waits: { delayMs: 0 } });
        for (const at of [elsewhere, context]) {
          const { log } = await take({ context: at });
          deepEqual(log.predecessors, [firstId]);
          const before = watch(log.predecessorsSaved?.());
          await settleDown();
          equal(before.isDone, false);
          if (at === elsewhere) equal(await log.handOver(), 'waiting');
          else {
            await first.settle([], 'cancelled');
            await settleDown();
            equal(before.isDone, false);
            await first.release({ isSaved: true });
            await before.done;
          }
        }
        // A turn that comes after it has it before itself.
        const third = await open({ ...of, taskId: createTaskId() });
        deepEqual(third.predecessors?.includes(taskId), true);
      }),
    );

    itIf('turns in order', 'attempts')(
      'do not wait for others that they have not superseded, whoever takes them',
      withAttempts(async ({ open, openWork, take, elsewhere }) => {
        const chatId = createTaskId();
        await open({ chatId, taskId: createTaskId() });
        await openWork({}, { chatId, concurrent: true, waits: { delayMs: 0 } });
        const { log } = await take({ context: elsewhere });
        deepEqual(log.predecessors ?? [], []);
        await log.predecessorsSaved?.();
      }),
    );

    itSavesInOrder('do not wait for each other when they are concurrent', async ({ open }) => {
      const chatId = createTaskId();
      const first = await open({ chatId, savesOutcome: true });
      const second = await open({ chatId, taskId: createTaskId(), concurrent: true });
      await second.predecessorsSaved?.();
      // A turn that supersedes both of them waits for both.
      const third = await open({ chatId, taskId: createTaskId() });
      const before = watch(third.predecessorsSaved?.());
      await first.settle([], 'cancelled');
      await first.release({ isSaved: true });
      await settleDown();
      equal(before.isDone, false);
      await second.settle([], 'cancelled');
      await second.release();
      await before.done;
    });

    itSavesInOrder('do not wait where there is none before', async ({ open }) => {
      await (await open({ chatId: createTaskId() })).predecessorsSaved?.();
      await (await open({ taskId: createTaskId() })).predecessorsSaved?.();
    });
  });
}
