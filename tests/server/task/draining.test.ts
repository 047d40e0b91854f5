// Tasks that run in a process which takes leave.
import { TaskError } from 'ai-task-stream';
import {
  defineTask,
  type ExecuteOptions,
  streamTask,
  type TaskSettleEvent,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { createManualClock } from 'ai-task-stream/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeTask } from '../../../src/server/take-task';
import { aborted } from '../../helpers/async';
import { createSharedMemory } from '../../helpers/shared-memory';
import { createOwnContext, readLog } from '../../helpers/tasks';

let clock: ReturnType<typeof createManualClock>;

beforeEach(() => {
  clock = createManualClock();
});

afterEach(() => clock.uninstall());

type Means = Pick<ExecuteOptions<unknown, string, unknown>, 'signal' | 'task' | 'writer'>;

/** A definition whose attempts do what `work` says, each with what the one before it has kept. */
function define(
  work: (means: Means) => unknown,
  options: { maxRunMs?: number; retry?: object } = {},
) {
  const settled: TaskSettleEvent<unknown>[] = [];
  const errors: unknown[] = [];
  const definition = defineTask({
    name: 'work',
    progressIntervalMs: 600_000,
    graceMs: 2_000,
    ...options,
    retry: { ...options.retry },
    onError: (error) => {
      errors.push(error);
    },
    onSettle: (event) => {
      settled.push(event);
    },
    execute: ({ signal, task, writer }) => work({ signal, task, writer: writer as never }),
  });
  return { definition, settled, errors };
}

/** Work that listens to its signal, as `fetch` does. */
async function listen({ signal }: Means): Promise<never> {
  await aborted(signal);
  throw signal.reason;
}

/** Drains a context; what is seen tells when that was over. */
function drain(context: TaskStreamContext, seen: string[] = []): string[] {
  context.drain?.({ timeoutMs: 8_000 }).then(() => seen.push('drained'));
  return seen;
}

const ignore = () => new Promise(() => {});

describe('a task without `retry` whose process drains', () => {
  const start = (context: TaskStreamContext, execute: (means: Means) => unknown) => {
    const settled: unknown[] = [];
    const task = streamTask({
      streamContext: context,
      graceMs: 2_000,
      onError: () => {},
      execute: (means) => execute(means as Means),
      onSettle: ({ status, error, result }) => {
        settled.push(error ? [status, error.code, error.retryable] : [status, result]);
      },
    });
    return { ...task, settled };
  };

  it('has its time, is told to end, and then fails as drained (R-DRAIN-3)', async () => {
    const context = createOwnContext();
    const reasons: unknown[] = [];
    const { settled } = start(context, (means) => {
      means.signal.addEventListener('abort', () => reasons.push(means.signal.reason));
      return listen(means);
    });
    await clock.advance(0);
    const seen = drain(context);
    await clock.advance(4_999);
    expect([reasons, settled, seen]).toEqual([[], [], []]);
    await clock.advance(1);
    expect(reasons).toMatchObject([{ name: 'AbortError', cause: { code: 'drained' } }]);
    expect([settled, seen]).toEqual([[['failed', 'drained', true]], ['drained']]);
  });

  it('fails after the grace, in time, if its work does not listen, which can write nothing more', async () => {
    const context = createOwnContext();
    let zombie: Means | undefined;
    const { settled, taskId } = start(context, (means) => {
      zombie = means;
      return ignore();
    });
    await clock.advance(0);
    const seen = drain(context);
    await clock.advance(6_999);
    expect(settled).toEqual([]);
    await clock.advance(1);
    expect([settled, seen]).toEqual([[['failed', 'drained', true]], ['drained']]);
    const log = await readLog(context, taskId);
    expect(() => zombie?.task.log('late')).toThrow(expect.objectContaining({ code: 'settled' }));
    expect(await readLog(context, taskId)).toEqual(log);
  });

  it('settles as it is, if it is over by then: also in the grace, and also by failing (R-DRAIN-2)', async () => {
    const context = createOwnContext();
    const workFor = (ms: number, end: () => unknown) => () =>
      new Promise((resolve) => setTimeout(resolve, ms)).then(end);
    const fail = () => {
      throw new TaskError({ code: 'mine', message: 'No.' });
    };
    const tasks = [
      start(
        context,
        workFor(1_000, () => 'early'),
      ),
      start(
        context,
        workFor(6_500, () => 'in the grace'),
      ),
      start(context, workFor(6_500, fail)),
    ];
    await clock.advance(0);
    drain(context);
    await clock.advance(7_000);
    expect(tasks.map(({ settled }) => settled)).toEqual([
      [['completed', 'early']],
      [['completed', 'in the grace']],
      [['failed', 'mine', false]],
    ]);
  });

  it('is cancelled by who asks for that, also when it has been told to end (R-DRAIN-2)', async () => {
    const context = createOwnContext();
    const { settled, cancel } = start(context, ignore);
    await clock.advance(0);
    drain(context);
    await clock.advance(5_500);
    expect(await cancel()).toBe(true);
    await clock.advance(1_500);
    expect(settled).toEqual([['cancelled', 'cancelled', true]]);
  });

  it('knows that its process takes leave, and so do the tasks within it', async () => {
    const context = createOwnContext();
    const seen: unknown[] = [];
    start(context, async ({ task, signal }) => {
      await task.run({
        execute: async ({ task: inner }) => {
          seen.push([task.isDraining, inner.isDraining]);
          await new Promise((resolve) => setTimeout(resolve, 10));
          seen.push([task.isDraining, inner.isDraining]);
          await aborted(signal);
        },
      });
    });
    await clock.advance(0);
    drain(context);
    await clock.advance(10_000);
    expect(seen).toEqual([
      [false, false],
      [true, true],
    ]);
  });

  it('takes the tasks within it along (R-NEST-2)', async () => {
    const context = createOwnContext();
    const { taskId } = start(context, async ({ task }) => {
      await task.run({ name: 'inner', execute: ({ signal }) => listen({ signal } as Means) });
    });
    await clock.advance(0);
    drain(context);
    await clock.advance(8_000);
    const settlements = (await readLog(context, taskId))
      .map((data) => JSON.parse(data))
      .filter(({ type }) => type === 'data-task-settle');
    const failed = { status: 'failed', error: { code: 'drained' } };
    expect(settlements).toMatchObject([{ data: failed }, { id: taskId, data: failed }]);
  });
});

describe('a task that another process can go on with', () => {
  it('is handed over, and goes on there at no cost; the work that listens is not waited for (R-DRAIN-2)', async () => {
    const connect = createSharedMemory();
    const [here, there] = [connect(), connect()];
    const runs: unknown[] = [];
    const { definition, settled } = define(
      async (means) => {
        runs.push([means.task.attempt, means.task.lastCheckpoint]);
        return means.task.attempt < 12 ? listen(means) : 'done';
      },
      { retry: { attempts: 2 } },
    );
    const { taskId } = definition.start(undefined, { streamContext: here });
    await clock.advance(0);
    const seen = drain(here);
    await clock.advance(4_999);
    expect(await there.inspect(taskId)).toMatchObject({ status: 'running', attempt: 1 });
    await clock.advance(1);
    expect(await there.inspect(taskId)).toMatchObject({ isWaiting: true, attempt: 1 });
    expect([seen, settled]).toEqual([['drained'], []]);
    // Ten processes in a row may go without a checkpoint between them, though only two attempts may fail.
    for (let attempt = 2; attempt <= 11; attempt++) {
      const next = connect();
      await takeTask(definition, taskId, { streamContext: next });
      await clock.advance(0);
      drain(next);
      await clock.advance(8_000);
    }
    expect(await there.inspect(taskId)).toMatchObject({ status: 'pending', attempt: 11 });
    await takeTask(definition, taskId, { streamContext: there });
    await clock.advance(0);
    expect(runs).toEqual(Array.from({ length: 12 }, (_, index) => [index + 1, undefined]));
    expect(settled).toMatchObject([{ status: 'completed', result: 'done' }]);
  });

  it('goes on elsewhere behind a checkpoint that it makes meanwhile, at which it leaves at once (R-DRAIN-4)', async () => {
    const connect = createSharedMemory();
    const [here, there] = [connect(), connect()];
    const seen: unknown[] = [];
    const { definition, settled } = define(async ({ task, signal }) => {
      for (let step = Number(task.lastCheckpoint ?? 0); step < 3; step++) {
        signal.throwIfAborted();
        seen.push([task.attempt, step]);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await task.checkpoint(step + 1);
      }
    });
    const { taskId } = definition.start(undefined, { streamContext: here });
    await clock.advance(500);
    const left = drain(here);
    expect(await there.inspect(taskId)).toMatchObject({ status: 'running' });
    await clock.advance(500);
    expect(await there.inspect(taskId)).toMatchObject({ isWaiting: true });
    await clock.advance(0);
    expect(left).toEqual(['drained']);
    await takeTask(definition, taskId, { streamContext: there });
    await clock.advance(2_000);
    expect(seen).toEqual([
      [1, 0],
      [2, 1],
      [2, 2],
    ]);
    expect(settled).toMatchObject([{ status: 'completed' }]);
  });

  it('is handed over though its work does not listen, which can write nothing more (R-DRAIN-2, R-ATTEMPT-8)', async () => {
    const connect = createSharedMemory();
    const [here, there] = [connect(), connect()];
    let zombie: Means | undefined;
    const { definition, settled } = define((means) => {
      if (means.task.attempt > 1) return 'done';
      zombie = means;
      return ignore();
    });
    const { taskId } = definition.start(undefined, { streamContext: here });
    await clock.advance(0);
    const seen = drain(here);
    await clock.advance(7_000);
    expect(seen).toEqual(['drained']);
    await takeTask(definition, taskId, { streamContext: there });
    await clock.advance(0);
    const log = await readLog(there, taskId);
    expect(() => zombie?.task.partial('late')).toThrow(
      expect.objectContaining({ code: 'settled' }),
    );
    await expect(zombie?.task.checkpoint('late')).rejects.toMatchObject({ code: 'settled' });
    expect(await readLog(there, taskId)).toEqual(log);
    expect(settled).toMatchObject([{ status: 'completed' }]);
  });

  it('settles as drained when no attempts are left', async () => {
    const connect = createSharedMemory();
    const here = connect();
    const { definition, settled } = define(listen, { retry: { maxTotal: 1 } });
    definition.start(undefined, { streamContext: here });
    await clock.advance(0);
    drain(here);
    await clock.advance(8_000);
    expect(settled).toMatchObject([{ status: 'failed', error: { code: 'drained' } }]);
  });

  it('is left to others after a failure, too, whatever it would have waited for (R-DRAIN-2)', async () => {
    const connect = createSharedMemory();
    const [here, there] = [connect(), connect()];
    const { definition } = define(
      () => {
        throw new TaskError({ code: 'busy', message: 'Not now.', retryable: true });
      },
      { retry: { backoffMs: 60_000 } },
    );
    const { taskId } = definition.start(undefined, { streamContext: here });
    await clock.advance(0);
    expect(await there.inspect(taskId)).toMatchObject({ isWaiting: true });
    const seen = drain(here);
    await clock.advance(0);
    expect(seen).toEqual(['drained']);
    expect(await there.inspect(taskId)).toMatchObject({ isWaiting: true });
    await there.cancel(taskId);
  });

  it('is cancelled, and not handed over, if somebody has asked for that (R-DRAIN-2)', async () => {
    const connect = createSharedMemory();
    const here = connect();
    const { definition, settled } = define(ignore);
    const { taskId } = definition.start(undefined, { streamContext: here });
    await clock.advance(0);
    drain(here);
    await clock.advance(5_500);
    expect(await connect().cancel(taskId)).toBe(true);
    await clock.advance(2_000);
    expect(settled).toMatchObject([{ status: 'cancelled' }]);
  });
});

describe('a task with `retry` in the memory of its process', () => {
  it('runs on behind a checkpoint, and fails as drained, because it ends with its process (R-DRAIN-3)', async () => {
    const context = createOwnContext();
    const { definition, settled } = define(async (means) => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await means.task.checkpoint(1);
      return listen(means);
    });
    definition.start(undefined, { streamContext: context });
    await clock.advance(0);
    drain(context);
    await clock.advance(4_999);
    expect(settled).toEqual([]);
    await clock.advance(1);
    expect(settled).toMatchObject([{ status: 'failed', error: { code: 'drained' } }]);
  });

  it('is not attempted again, and closed if it waits for that', async () => {
    const context = createOwnContext();
    const { definition, settled } = define(
      async ({ task }) => {
        await new Promise((resolve) => setTimeout(resolve, task.attempt === 1 ? 10 : 60_000));
        throw new TaskError({ code: 'busy', message: 'Not now.', retryable: true });
      },
      { retry: { backoffMs: 60_000 } },
    );
    definition.start(undefined, { streamContext: context });
    await clock.advance(20);
    definition.start(undefined, { streamContext: context });
    await clock.advance(5);
    drain(context);
    await clock.advance(100);
    expect(settled.map(({ error }) => error?.code)).toEqual(['drained', 'busy']);
  });
});
