import { deepEqual, equal, ok } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import type { DueTask, TaskStreamContext } from '../../server/index';
import { withAttempts } from './attempt-bench';
import type { Bench } from './bench';
import { closingFrames } from './chunks';
import { expectMembers } from './expectations';
import type { BenchTest, ContractSuite } from './suite';

/** Longer than any test takes, in milliseconds. */
const longMs = 600_000;

/** How long a producer counts as alive here, after which its task is due; in milliseconds. */
const leaseMs = 100;

/** Ways to ask for open tasks of a definition that no other test has. */
interface OpenTasks {
  readonly definition: string;
  /** Asks once. */
  due(options?: { at?: TaskStreamContext; limit?: number; forMs?: number }): Promise<DueTask[]>;
  /** Asks until the only task that is due is the given one. */
  untilDue(taskId: string, forMs?: number): Promise<DueTask>;
  /** Says to an instance when a task is due again. */
  lookAgain(task: DueTask, inMs: number | undefined, at?: TaskStreamContext): Promise<void>;
  /** Fails when a task is due before one that is opened now, is. */
  expectNoneDue(): Promise<void>;
}

function openTasksOf({ context, elsewhere, open, until }: Bench): OpenTasks {
  const definition = createTaskId();
  const due: OpenTasks['due'] = async ({ at = elsewhere, limit = 10, forMs = longMs } = {}) => {
    ok(at.dueTasks, 'The context has no index; name `open tasks` in `without`.');
    return [...(await at.dueTasks({ definitions: [definition], limit, leaseMs: forMs }))];
  };
  const untilDue: OpenTasks['untilDue'] = async (taskId, forMs) => {
    const found: DueTask[] = [];
    await until(async () => found.push(...(await due({ forMs }))) > 0);
    deepEqual(
      found.map((task) => task.taskId),
      [taskId],
    );
    return found[0] as DueTask;
  };
  return {
    definition,
    due,
    untilDue,
    async lookAgain(task, inMs, at = context) {
      await at.lookAgain?.(task, inMs);
    },
    async expectNoneDue() {
      const taskId = createTaskId();
      await open({ taskId, definition, savesOutcome: true, leaseMs });
      await untilDue(taskId);
    },
  };
}

const withOpenTasks =
  <Given extends Bench>(
    test: (bench: Given & OpenTasks) => Promise<void>,
  ): ((bench: Given) => ReturnType<BenchTest>) =>
  (bench) =>
    test({ ...bench, ...openTasksOf(bench) });

/** Open tasks are found by whoever looks after them (R-INDEX-1 to R-INDEX-3). */
export function describeOpenTasks({ describe, itIf }: ContractSuite): void {
  const it = itIf('open tasks');
  const itAttempts = itIf('open tasks', 'attempts');

  describe('a task that is open', () => {
    it(
      'is due once its lease may be over, with what its record says of it (R-INDEX-1)',
      withOpenTasks(async ({ definition, open, untilDue, context, taskId }) => {
        await open({ definition, savesOutcome: true, leaseMs });
        const { createdAt } = (await context.inspect(taskId)) ?? {};
        expectMembers(await untilDue(taskId), { taskId, definition, createdAt });
      }),
    );

    it(
      'is found by one of many who ask at the same time, and then by nobody for that time (R-INDEX-2)',
      withOpenTasks(async ({ definition, open, due, expectNoneDue, context, elsewhere, until }) => {
        const taskIds = Array.from({ length: 5 }, createTaskId);
        for (const taskId of taskIds) {
          await open({ taskId, definition, savesOutcome: true, leaseMs });
        }
        const found: DueTask[] = [];
        await until(async () => {
          const asking = Array.from({ length: 20 }, (_, index) =>
            due({ at: index % 2 ? context : elsewhere, limit: 1 }),
          );
          const answers = await Promise.all(asking);
          ok(answers.every(({ length }) => length < 2));
          found.push(...answers.flat());
          return found.length >= taskIds.length;
        });
        deepEqual(found.map(({ taskId }) => taskId).sort(), taskIds.sort());
        await expectNoneDue();
      }),
    );

    it(
      'is due again when that time is over, or when whoever has it says (R-INDEX-2)',
      withOpenTasks(async ({ definition, open, untilDue, lookAgain, expectNoneDue, taskId }) => {
        await open({ definition, savesOutcome: true, leaseMs });
        await untilDue(taskId, leaseMs);
        await lookAgain(await untilDue(taskId), 0);
        await lookAgain(await untilDue(taskId), longMs);
        await expectNoneDue();
      }),
    );

    it(
      'is not put off by somebody whose time for it is over (R-INDEX-2)',
      withOpenTasks(async ({ definition, open, untilDue, lookAgain, expectNoneDue, taskId }) => {
        await open({ definition, savesOutcome: true, leaseMs });
        const former = await untilDue(taskId, leaseMs);
        const present = await untilDue(taskId);
        await lookAgain(former, 0);
        await expectNoneDue();
        await lookAgain(present, 0);
        await lookAgain(former, undefined);
        await lookAgain(await untilDue(taskId), undefined);
        await expectNoneDue();
      }),
    );

    it(
      'is found by those only who ask for its definition, or for tasks of none',
      withOpenTasks(async ({ definition, open, untilDue, expectNoneDue, elsewhere, until }) => {
        const ofNone = createTaskId();
        await open({ taskId: ofNone, savesOutcome: true, leaseMs });
        await open({ definition: `${definition}-`, savesOutcome: true, leaseMs });
        const ofThis = createTaskId();
        await open({ taskId: ofThis, definition, savesOutcome: true, leaseMs });
        await untilDue(ofThis);
        await expectNoneDue();
        await until(async () => {
          // There may be others, of other tests.
          const asked = { definitions: [undefined], limit: 10_000, leaseMs };
          const found = (await elsewhere.dueTasks?.(asked)) ?? [];
          ok(found.every((task) => task.definition === undefined));
          return found.some(({ taskId }) => taskId === ofNone);
        });
      }),
    );

    it(
      'is open until its outcome is saved, and a task that nobody has to save is not (R-INDEX-1)',
      withOpenTasks(async ({ definition, open, untilDue, expectNoneDue, lookAgain, taskId }) => {
        const plain = await open({ taskId: createTaskId(), definition, leaseMs });
        const log = await open({ definition, savesOutcome: true, leaseMs });
        await log.settle(closingFrames(taskId), 'completed');
        await log.release({ isSaved: false });
        await lookAgain(await untilDue(taskId), 0);
        await log.release({ isSaved: true });
        await expectNoneDue();
        equal(plain.signal.aborted, false);
      }),
    );

    itAttempts(
      'with stored work is open until it has settled (R-INDEX-1)',
      withAttempts(
        withOpenTasks(async ({ definition, openWork, untilDue, expectNoneDue, ...bench }) => {
          const { lookAgain, taskId } = bench;
          const log = await openWork({}, { definition, leaseMs });
          await lookAgain(await untilDue(taskId), 0);
          await log.settle(closingFrames(taskId), 'completed');
          await log.release();
          await expectNoneDue();
        }),
      ),
    );

    itAttempts(
      'is due at once when it was handed over, and when it waits from the beginning (R-INDEX-3)',
      withAttempts(
        withOpenTasks(async ({ definition, openWork, take, untilDue, due, ...bench }) => {
          const { taskId, elsewhere } = bench;
          await openWork({}, { definition, leaseMs: longMs, waits: { delayMs: 0 } });
          await untilDue(taskId);
          const taken = await take({ definition, context: elsewhere });
          deepEqual(await due(), []);
          equal(await taken.log.handOver(), 'waiting');
          await untilDue(taskId);
        }),
      ),
    );
  });
}
