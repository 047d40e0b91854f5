import type { TakenTask, TaskLog, TaskStreamContext } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import {
  type Break,
  collect,
  expectNoticed,
  withLogs,
  withReaders,
} from '../helpers/contract-tests';
import { createOwnContext } from '../helpers/tasks';

type Take = NonNullable<TaskStreamContext['take']>;

/** The same context, but for the logs that it opens and those that are taken. */
function withRunners(change: (log: TaskLog) => Partial<TaskLog>): Break {
  return (context) => ({
    ...withLogs(change)(context),
    async take(taskId, options) {
      const taken = await context.take?.(taskId, options);
      return taken && { ...taken, log: { ...taken.log, ...change(taken.log) } };
    },
  });
}

/** The same context, but for what it is asked when a task is to be taken. */
function withTakers(change: (...asked: Parameters<Take>) => Parameters<Take>[1]): Break {
  return (context) => ({
    take: async (taskId, options) => context.take?.(taskId, change(taskId, options)),
  });
}

/** The same context, but for the work that it is given. */
function withWork(change: object): Break {
  return (context) => ({
    open: (taskId, { work, ...options }) =>
      context.open(taskId, { ...options, ...(work && { work: { ...work, ...change } }) }),
  });
}

const broken: [promise: string, breakIt: Break, test: string][] = [
  [
    'to have one runner',
    (context) => {
      let first: TakenTask | undefined;
      return {
        async take(taskId, options) {
          first = (await context.take?.(taskId, options)) ?? first;
          return first;
        },
      };
    },
    'is taken by one of many who ask at the same time',
  ],
  [
    'to leave a task to runners of its kind',
    (context) => ({
      open: (taskId, { work, ...options }) =>
        context.open(taskId, { ...options, ...(work && { work: { ...work, runner: 'any' } }) }),
      take: async (taskId, options) => context.take?.(taskId, { ...options, runner: 'any' }),
    }),
    'is taken by a runner of its kind',
  ],
  [
    'to leave a task of a later version to others',
    withTakers((_, options) => ({ ...options, version: 9 })),
    'is taken by a runner of its kind',
  ],
  [
    'to leave a task of another definition to others',
    withTakers((_, options) => ({ ...options, definition: 'report' })),
    'is taken by a runner of its kind',
  ],
  [
    'to answer the same token the same',
    withTakers((_, options) => ({ ...options, token: crypto.randomUUID() })),
    'gives the same answer to the same token, without storing the first frames twice (R-ATTEMPT-7)',
  ],
  [
    'to put a task off',
    withRunners(({ handOver }) => ({
      handOver: async (options) => (handOver ? handOver({ ...options, delayMs: 0 }) : 'refused'),
    })),
    'is not taken before the time up to which it was put off',
  ],
  ['to keep the input', withWork({ input: undefined }), 'comes with all that it was opened with'],
  [
    'to keep from the log who runs the task no more',
    (context) => {
      let newest: TaskLog | undefined;
      return {
        ...withLogs(({ append }) => ({
          append: (data) => (newest ? newest.append(data) : append(data)),
        }))(context),
        async take(taskId, options) {
          const taken = await context.take?.(taskId, options);
          newest = taken?.log ?? newest;
          return taken;
        },
      };
    },
    'that has handed its task over can do nothing more with it',
  ],
  [
    'to count attempts',
    withRunners(({ handOver }) => ({
      handOver: async (options) => (handOver ? handOver({ ...options, isFree: true }) : 'refused'),
    })),
    'may attempt its task as often as that says',
  ],
  [
    'to bound the number of attempts',
    withWork({ maxTotal: 100 }),
    'may attempt its task so often in all',
  ],
  [
    'to count no attempt of a process that has to go',
    withRunners(({ handOver }) => ({
      handOver: async (options) => (handOver ? handOver({ ...options, isFree: false }) : 'refused'),
    })),
    'that has to go costs its task no attempt',
  ],
  [
    'to tell a runner of a cancel that hands its task over',
    withRunners(({ handOver }) => ({
      handOver: async (options) => {
        const answer = (await handOver?.(options)) ?? 'refused';
        return answer === 'cancelled' ? 'waiting' : answer;
      },
    })),
    'is asked to stop in each attempt',
  ],
  [
    'to go on at the newest checkpoint',
    withRunners(({ append }) => ({
      async checkpoint(data) {
        append(data);
        return true;
      },
    })),
    'goes on from the newest checkpoint, whoever has stored it',
  ],
  [
    'to keep what ran within the task',
    withRunners(({ checkpoint }) => ({
      checkpoint: async (data, start) => checkpoint?.(data, { ...start, nested: [] }) ?? false,
    })),
    'begins in an epoch of its own, with a rewind to the checkpoint',
  ],
  [
    'to end readers of what is void as cut',
    withReaders((reader) => {
      Object.defineProperty(reader, 'isCut', { value: false });
    }),
    'ends the readers that have taken what is void, as cut',
  ],
  [
    'to give nobody what is void',
    (context) => ({
      read: (taskId, { cursor, ...options } = {}) =>
        context.read(taskId, { ...options, ...(cursor && { cursor: { ...cursor, n: 0 } }) }),
    }),
    'gives a reader with a cursor of what is void the rewind, and what follows',
  ],
  [
    'to tell readers that the task waits',
    withReaders((reader) => {
      Object.defineProperty(reader, 'isWaiting', { value: false });
    }),
    'is shown by the record and by readers until the task is taken',
  ],
  [
    'to tell in the record that the task waits',
    (context) => ({
      async inspect(taskId, options) {
        const { isWaiting, ...record } = (await context.inspect(taskId, options)) ?? {};
        return 'taskId' in record ? record : undefined;
      },
    }),
    'is shown by the record and by readers until the task is taken',
  ],
  [
    'to tell in the record who may take the task',
    (context) => ({
      async inspect(taskId, options) {
        const { runner, ...record } = (await context.inspect(taskId, options)) ?? {};
        return 'taskId' in record ? record : undefined;
      },
    }),
    'is shown by its record with the runners that may take it',
  ],
  [
    'to let a task wait from the beginning',
    (context) => ({
      open: (taskId, { waits, ...options }) => context.open(taskId, options),
    }),
    'is how a task may begin, whose opener then has nothing to do with it',
  ],
  [
    'to close a task that waits at a cancel',
    (context) => ({
      cancel: async (taskId, options) =>
        (await context.inspect(taskId))?.isWaiting || context.cancel(taskId, options),
    }),
    'between two attempts ends at once by a cancel, also of a task that was put off',
  ],
  [
    'to keep a deadline through all attempts',
    withWork({ deadlineMs: undefined }),
    'ends as timeout when the time for that is over',
  ],
  [
    'to let no task wait for ever',
    withWork({ maxWaitMs: 600_000 }),
    'ends as lost when the time for that is over',
  ],
  [
    'to leave an outcome to others that no runner can tell',
    (context) => ({
      async claimOutcome(taskId, options) {
        const claiming = await context.claimOutcome?.(taskId, options);
        return claiming?.kind === 'claimed' ? { kind: 'held', waitMs: 1 } : claiming;
      },
    }),
    'is left to whoever claims it, where the task was closed while it waited',
  ],
];

describe('testStreamContext', () => {
  it.each(broken)(
    'notices a context of attempts that breaks its promise %s',
    async (_, breakIt, test) => {
      await expectNoticed(breakIt, test);
    },
  );

  it('leaves out attempts of a context that has none', () => {
    const all = collect(createOwnContext, { cut: async () => () => {}, empty: async () => {} });
    const { take, ...without } = createOwnContext();
    const less = collect(() => without, {
      ...{ without: ['attempts'], cut: async () => () => {}, empty: async () => {} },
    });
    expect(all.length - less.length).toBeGreaterThan(30);
    expect(less.map(({ name }) => name).join()).not.toContain('R-ATTEMPT');
  });
});
