import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Cursor } from '../../server/index';
import { type AttemptBench, checkpointChunk, withAttempts } from './attempt-bench';
import { chunk, chunks, closingFrames, openingFrames, openTextFrames } from './chunks';
import { expectMembers } from './expectations';
import { type ReceivedFrame, receiveFrames } from './reading';
import { tellsOf } from './storage-trouble';
import type { ContractSuite } from './suite';

const dataOf = (frames: readonly { data: string }[]) => frames.map(({ data }) => data);

/** Everything that an instance gives a reader that begins behind a cursor. */
async function readFrom(
  { openReader, elsewhere }: AttemptBench,
  cursor?: Cursor,
): Promise<ReceivedFrame[]> {
  const reader = await openReader(elsewhere, cursor && { cursor });
  const received = await receiveFrames(reader);
  equal(reader.isCut ?? false, false);
  reader.close();
  return received;
}

/** What an attempt wrote after its last checkpoint is void once the next one begins (R-ATTEMPT-3). */
export function describeRewinds({ describe, itIf }: ContractSuite): void {
  const it = itIf('attempts');

  describe('an attempt', () => {
    it(
      'begins in an epoch of its own, with a rewind to the checkpoint (R-ATTEMPT-1)',
      withAttempts(async (bench) => {
        const { openWork, take, startAt, cursorOf, taskId, snapshot } = bench;
        const log = await openWork();
        const child = { ...snapshot, taskId: 'child-0123456789abcdef', parentTaskId: taskId };
        log.append(chunk('stays'));
        const start = {
          ...{ ...startAt(3, '{"step":"ä\\u2028"}'), logs: 2, partials: 5 },
          snapshot: { ...snapshot, progress: { value: 1 } },
          nested: [
            child,
            { ...child, taskId: 'grandchild-0123456789', parentTaskId: child.taskId },
          ],
        };
        equal(await log.checkpoint(checkpointChunk(taskId, 3), start), true);
        const last = await cursorOf(3);
        log.append(chunk('void'));
        await log.handOver();
        const taken = await take();
        deepEqual([taken.start, taken.last], [start, last]);
        taken.log.append(chunk('after'));
        await taken.log.settle(closingFrames(taskId), 'completed');
        const received = await readFrom(bench);
        const begun = received.slice(4, -3);
        deepEqual(dataOf(received.slice(0, 4)), [
          ...openingFrames(taskId, snapshot),
          ...[chunk('stays'), checkpointChunk(taskId, 3)],
        ]);
        deepEqual(begun.map(tellsOf), [
          ['data-task-rewind'],
          ['data-task', 'running'],
          // Innermost first.
          ...['grandchild', 'child'].flatMap(() => [
            ['data-task', 'failed'],
            ['data-task-error', 'lost'],
            ['data-task-settle', 'failed'],
          ]),
        ]);
        deepEqual(JSON.parse(begun[0]?.data ?? ''), {
          type: 'data-task-rewind',
          data: { taskId, attempt: 2, checkpoint: 3, logs: 2, partials: 5 },
          transient: true,
        });
        expectMembers(JSON.parse(begun[1]?.data ?? ''), {
          id: taskId,
          data: { status: 'running', progress: { value: 1 }, attempt: 2 },
        });
        expectMembers(JSON.parse(begun[2]?.data ?? ''), { id: 'grandchild-0123456789' });
        deepEqual(
          received.slice(4).map(({ epoch, n }) => [epoch, n]),
          received.slice(4).map((_, n) => [last.epoch + 1, n]),
        );
      }),
    );

    it(
      'goes on behind the start chunk where there is no checkpoint (R-ATTEMPT-2, R-ATTEMPT-3)',
      withAttempts(async (bench) => {
        const { openWork, take, taskId } = bench;
        const log = await openWork();
        for (const data of openTextFrames()) log.append(data);
        await log.handOver();
        const taken = await take();
        await taken.log.settle(closingFrames(taskId), 'completed');
        const types = (await readFrom(bench)).map(({ data }) => JSON.parse(data).type);
        deepEqual(types, [
          ...['start', 'data-task-rewind', 'data-task'],
          ...['data-task-settle', 'finish'],
        ]);
      }),
    );

    it(
      'gives a reader with a cursor of what is void the rewind, and what follows (R-ATTEMPT-3, R-CURSOR-3)',
      withAttempts(async (bench) => {
        const { openWork, take, checkpoint, cursorOf, taskId } = bench;
        const log = await openWork();
        const { epoch } = await cursorOf(0);
        log.append(chunk('stays'));
        await checkpoint(log, 0);
        for (const data of chunks(0, 3)) log.append(data);
        await log.handOver();
        const second = (await take()).log;
        for (const data of chunks(3, 6)) second.append(data);
        await second.handOver();
        const third = (await take()).log;
        await checkpoint(third, 1);
        third.append(chunk('void'));
        await third.handOver();
        const fourth = (await take()).log;
        fourth.append(chunk('after'));
        await fourth.settle(closingFrames(taskId), 'completed');

        const all = await readFrom(bench);
        deepEqual(all.slice(4).map(tellsOf), [
          ...[['data-task-rewind'], ['data-task', 'running'], ['data-task-checkpoint']],
          ...[['data-task-rewind'], ['data-task', 'running'], ['data-n']],
          ...[['data-task-settle', 'completed'], ['finish']],
        ]);
        const isValid = ({ data }: ReceivedFrame) => dataOf(all).includes(data);
        ok(all.every(isValid));
        // Each frame that there was, and some that never were.
        for (let attempt = 0; attempt < 4; attempt++) {
          for (let n = 0; n < 9; n++) {
            const cursor = { epoch: epoch + attempt, n };
            const rest = all.filter(
              (frame) =>
                frame.epoch > cursor.epoch || (frame.epoch === cursor.epoch && frame.n > n),
            );
            deepEqual([cursor, await readFrom(bench, cursor)], [cursor, rest]);
          }
        }
      }),
    );

    it(
      'ends the readers that have taken what is void, as cut, and no others (R-ATTEMPT-4)',
      withAttempts(async (bench) => {
        const { openWork, openReader, take, checkpoint, cursorOf, context, elsewhere } = bench;
        const { taskId } = bench;
        const log = await openWork();
        const before: Awaited<ReturnType<typeof openReader>>[] = [];
        for (const at of [context, elsewhere]) before.push(await openReader(at));
        await checkpoint(log, 0);
        for (const reader of before) equal((await receiveFrames(reader, 3)).length, 3);
        const after: typeof before = [];
        for (const at of [context, elsewhere]) after.push(await openReader(at));
        log.append(chunk('void'));
        for (const reader of after) equal((await receiveFrames(reader, 4)).length, 4);
        const known: typeof before = [];
        const cursor = await cursorOf(3);
        for (const at of [context, elsewhere]) known.push(await openReader(at, { cursor }));
        equal(await log.handOver(), 'waiting');
        for (const reader of [...before, ...after, ...known]) equal(reader.isEnded, false);

        const taken = await take({ context: elsewhere });
        for (const reader of after) {
          deepEqual(await receiveFrames(reader), []);
          deepEqual([reader.isEnded, reader.isCut], [true, true]);
          reader.close();
        }
        await taken.log.settle(closingFrames(taskId), 'completed');
        for (const reader of [...before, ...known]) {
          deepEqual((await receiveFrames(reader)).map(tellsOf), [
            ...[['data-task-rewind'], ['data-task', 'running']],
            ...[['data-task-settle', 'completed'], ['finish']],
          ]);
          equal(reader.isCut ?? false, false);
          reader.close();
        }
      }),
    );

    it(
      'goes on from the newest checkpoint, whoever has stored it (R-ATTEMPT-5)',
      withAttempts(
        async ({ openWork, take, checkpoint, startAt, cursorOf, context, elsewhere }) => {
          const log = await openWork();
          equal(await checkpoint(log, 0), true);
          equal(await checkpoint(log, 1), true);
          await log.handOver();
          const second = await take({ context: elsewhere });
          deepEqual(second.start, startAt(1, '1'));
          second.log.append(chunk('void'));
          await second.log.handOver();
          const third = await take({ context });
          deepEqual([third.start, third.last], [second.start, second.last]);
          equal(await checkpoint(third.log, 2), true);
          const last = await cursorOf(2);
          await third.log.handOver();
          const fourth = await take({ context: elsewhere });
          deepEqual([fourth.start, fourth.last], [startAt(2, '2'), last]);
        },
      ),
    );
  });
}
