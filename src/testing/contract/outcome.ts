import { deepEqual, equal } from 'node:assert/strict';
import type { TaskOutcome } from '../../protocol/index';
import { createTaskId } from '../../protocol/task-id';
import { chunk, chunks } from './chunks';
import { expectMembers, expectNone } from './expectations';
import type { ContractSuite } from './suite';

const outcomes: readonly TaskOutcome[] = ['completed', 'failed', 'cancelled'];

/** The largest frame that the suite stores, in bytes of UTF-8. */
const largestFrameBytes = 2_000_000;

/** The closing frames and the status are stored in one step, once (R-CONTEXT-3). */
export function describeOutcome({ describe, it, itIf }: ContractSuite): void {
  const itReplays = itIf('replay after the end');

  describe('the outcome', () => {
    for (const status of outcomes) {
      itIf('outcome across instances')(`${status} is kept with the record`, async (bench) => {
        const { open, cursorOf, taskId, context, elsewhere } = bench;
        const log = await open({ owner: 'me', chatId: 'chat', name: 'Report' });
        const record = await context.inspect(taskId);
        const { epoch } = await cursorOf(0);
        expectMembers(record, {
          ...{ taskId, status: 'running', owner: 'me', chatId: 'chat', name: 'Report' },
          ...{
            cursor: `${epoch}-0`,
            definition: undefined,
            isUnsaved: undefined,
            isLost: undefined,
          },
        });
        equal(Number.isInteger(record?.createdAt), true);
        equal(await log.settle([chunk(1), chunk(2)], status), true);
        const { createdAt } = record ?? {};
        const cursor = `${epoch}-2`;
        expectMembers(await elsewhere.inspect(taskId), { status, cursor, createdAt });
      });
    }

    itReplays('is told once: whoever settles later is refused and adds nothing', async (bench) => {
      const { open, tryOpen, readAll, taskId, context } = bench;
      const token = createTaskId();
      const first = await open({ token });
      const second = (await tryOpen({ token })) ?? first;
      equal(await first.settle([chunk(1)], 'completed'), true);
      equal(await second.settle([chunk('late')], 'failed'), false);
      equal(await first.settle([chunk('late')], 'failed'), false);
      second.append(chunk('late'));
      first.append(chunk('late'));
      await first.flushed();
      equal((await context.inspect(taskId))?.status, 'completed');
      equal((await readAll(context)).length, 2);
    });

    itReplays('comes after everything that was appended before', async (bench) => {
      const { open, readAll, elsewhere } = bench;
      const log = await open();
      for (const data of chunks(1, 1_000)) log.append(data);
      await log.settle([chunk('end')], 'completed');
      const received = await readAll(elsewhere);
      equal(received.length, 1_001);
      deepEqual(received.at(-1), { cursor: '0-1000', data: chunk('end') });
    });

    it('of an unknown task is undefined', async ({ taskId, context }) => {
      expectNone(await context.inspect(taskId));
    });

    itReplays('does not disturb a log that is as large as it gets', async (bench) => {
      const { open, readAll, context } = bench;
      const log = await open();
      const sample = 'ä\u2028😀';
      const bytes = Math.min(log.maxFrameBytes ?? largestFrameBytes, largestFrameBytes);
      const count = Math.floor(
        (bytes - chunk('').length) / new TextEncoder().encode(sample).length,
      );
      const large = chunk(sample.repeat(count));
      log.append(large);
      await log.settle([chunk(2)], 'completed');
      deepEqual(
        (await readAll(context)).map(({ data }) => data),
        [chunk(0), large, chunk(2)],
      );
    });
  });
}
