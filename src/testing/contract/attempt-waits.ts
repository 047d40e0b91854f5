import { deepEqual, equal, ok } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import { withAttempts } from './attempt-bench';
import { chunk, closingFrames, openingFrames, openTextFrames } from './chunks';
import { expectMembers, expectNone } from './expectations';
import { receiveFrames } from './reading';
import { tellsOf } from './storage-trouble';
import type { ContractSuite } from './suite';

/** Longer than any test takes, in milliseconds. */
const longMs = 600_000;

/** What readers are told of a task that waits, and how it ends if nobody takes it (R-ATTEMPT-11). */
export function describeWaiting({ describe, itIf }: ContractSuite): void {
  const it = itIf('attempts');

  describe('waiting', () => {
    it(
      'is shown by the record and by readers until the task is taken (R-ATTEMPT-11, R-BEAT-3)',
      withAttempts(async ({ until, openWork, openReader, take, context, elsewhere, taskId }) => {
        const chatId = createTaskId();
        const log = await openWork({}, { chatId });
        const readers = [await openReader(context), await openReader(elsewhere)];
        for (const reader of readers) equal(reader.isWaiting ?? false, false);
        equal(await log.handOver(), 'waiting');
        for (const at of [context, elsewhere]) {
          expectMembers(await at.inspect(taskId), { status: 'pending', isWaiting: true });
          equal(await at.activeTask(chatId), taskId);
          readers.push(await openReader(at));
        }
        for (const reader of readers) {
          await until(() => reader.isWaiting === true);
          deepEqual([reader.isAlive, reader.isEnded], [true, false]);
        }
        await take({ context: elsewhere });
        for (const at of [context, elsewhere]) {
          expectMembers(await at.inspect(taskId), { status: 'running', isWaiting: undefined });
          equal(await at.activeTask(chatId), taskId);
        }
        for (const reader of readers) {
          await until(() => reader.isWaiting !== true);
          reader.close();
        }
      }),
    );

    it(
      'is how a task may begin, whose opener then has nothing to do with it (R-ATTEMPT-11)',
      withAttempts(async ({ openWork, openReader, tryTake, take, snapshot, taskId, elsewhere }) => {
        const pending = { ...snapshot, status: 'pending' } as const;
        const frames = openingFrames(taskId, pending);
        const start = { index: -1, logs: 0, partials: 0, snapshot: pending, nested: [] };
        const log = await openWork(
          { deadlineMs: longMs },
          { frames, start, waits: { delayMs: 0 } },
        );
        log.append(chunk('nothing'));
        equal(await log.settle(closingFrames(taskId), 'completed'), false);
        await log.release();
        const record = await elsewhere.inspect(taskId);
        expectMembers(record, { status: 'pending', isWaiting: true, attempt: 0 });
        const reader = await openReader(elsewhere);
        deepEqual((await receiveFrames(reader, 2)).map(tellsOf), [
          ...[['start'], ['data-task', 'pending']],
        ]);
        reader.close();
        const taken = await take({ context: elsewhere });
        equal(taken.log.attempt, 1);
        ok((taken.deadlineLeftMs ?? 0) > longMs / 2);
        expectNone(await tryTake());
        expectMembers(await elsewhere.inspect(taskId), { status: 'running', attempt: 1 });
      }),
    );

    it(
      'is taken back by its opener as if it had never been, unless somebody has taken it (R-QUEUE-5)',
      withAttempts(async ({ openWork, take, elsewhere, context, taskId }) => {
        const chatId = createTaskId();
        const waits = { delayMs: 0 };
        const withdrawn = await openWork({}, { chatId, waits });
        equal(await withdrawn.withdraw?.(), true);
        expectNone(await elsewhere.inspect(taskId));
        equal(await elsewhere.activeTask(chatId), undefined);
        equal(await withdrawn.withdraw?.(), false);
        // Its id is free.
        const log = await openWork({}, { waits });
        await take({ context: elsewhere });
        equal(await log.withdraw?.(), false);
        expectMembers(await context.inspect(taskId), { status: 'running', attempt: 1 });
      }),
    );

    for (const [what, waits] of [
      ['before its first attempt', true],
      ['between two attempts', false],
    ] as const) {
      it(
        `${what} ends at once by a cancel, also of a task that was put off (R-ATTEMPT-12)`,
        withAttempts(async ({ openWork, openReader, tryTake, context, elsewhere, taskId }) => {
          const log = await openWork({}, waits ? { waits: { delayMs: longMs } } : {});
          const reader = await openReader(elsewhere);
          for (const data of openTextFrames()) log.append(data);
          if (!waits) await log.handOver({ delayMs: longMs });
          expectMembers(await context.inspect(taskId), { isWaiting: true });
          equal(await context.cancel(taskId, { reason: 'Enough.' }), true);
          expectMembers(await elsewhere.inspect(taskId), { status: 'cancelled' });
          const [opening, text] = [2, waits ? 0 : 2];
          const received = await receiveFrames(reader);
          deepEqual(received.slice(opening + text).map(tellsOf), [
            ...(waits ? [] : [['text-end']]),
            ...[['data-task', 'cancelled'], ['data-task-settle', 'cancelled'], ['abort']],
          ]);
          ok(received.at(-1)?.data.includes('Enough.'));
          equal(reader.isCut ?? false, false);
          reader.close();
          expectNone(await tryTake());
          equal(await elsewhere.cancel(taskId), false);
        }),
      );
    }

    it(
      'never begins for a task that was cancelled before it came (R-CONTEXT-5)',
      withAttempts(async ({ until, openWork, tryTake, elsewhere, taskId }) => {
        await elsewhere.cancel(taskId, { reason: 'Early.' });
        await openWork({}, { waits: { delayMs: 0 } });
        await until(async () => (await elsewhere.inspect(taskId))?.status === 'cancelled');
        expectNone(await tryTake());
      }),
    );

    for (const [work, code] of [
      [{ deadlineMs: 1 }, 'timeout'],
      [{ maxWaitMs: 1 }, 'lost'],
    ] as const) {
      it(
        `ends as ${code} when the time for that is over (R-ATTEMPT-12)`,
        withAttempts(async ({ openWork, openReader, tryTake, context, elsewhere, taskId }) => {
          const log = await openWork(work, { savesOutcome: true });
          // Nobody looks for the task but these.
          const readers = [await openReader(elsewhere), await openReader(context)];
          for (const data of openTextFrames()) log.append(data);
          equal(await log.handOver({ delayMs: 5 }), 'waiting');
          for (const reader of readers) {
            const received = await receiveFrames(reader);
            deepEqual(received.slice(4).map(tellsOf), [
              ...[['text-end'], ['data-task', 'failed'], ['data-task-error', code]],
              ...[['data-task-settle', 'failed'], ['error']],
            ]);
            equal(reader.isCut ?? false, false);
            reader.close();
          }
          expectNone(await tryTake());
          expectMembers(await elsewhere.inspect(taskId), { status: 'failed', attempt: 1 });
        }),
      );

      it(
        `ends as ${code} though nobody reads the task (R-ATTEMPT-12)`,
        withAttempts(async ({ until, openWork, tryTake, elsewhere, taskId }) => {
          const log = await openWork(work);
          equal(await log.handOver({ delayMs: 5 }), 'waiting');
          await until(async () => (await elsewhere.inspect(taskId))?.status === 'failed');
          expectNone(await tryTake());
        }),
      );
    }

    it(
      'ends by the next turn of its chat, as superseded (R-CONTEXT-6)',
      withAttempts(async ({ open, openWork, openReader, elsewhere, taskId }) => {
        const chatId = createTaskId();
        const log = await openWork({}, { chatId });
        await log.handOver({ delayMs: longMs });
        const reader = await openReader(elsewhere);
        const nextId = createTaskId();
        await open({ taskId: nextId, chatId, context: elsewhere });
        const received = await receiveFrames(reader);
        deepEqual(received.slice(-3).map(tellsOf), [
          ...[['data-task', 'cancelled'], ['data-task-settle', 'cancelled'], ['abort']],
        ]);
        ok(received.at(-1)?.data.includes('superseded'));
        reader.close();
        expectMembers(await elsewhere.inspect(taskId), { status: 'cancelled' });
        equal(await elsewhere.activeTask(chatId), nextId);
      }),
    );
  });
}
