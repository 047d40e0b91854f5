import type { TaskStreamContext } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import { type Break, collect, expectNoticed, withLogs } from '../helpers/contract-tests';
import { createOwnContext } from '../helpers/tasks';

type DueTasks = NonNullable<TaskStreamContext['dueTasks']>;

/** The same context, but for what it is asked for open tasks. */
function withAsked(change: (asked: Parameters<DueTasks>[0]) => Parameters<DueTasks>[0]): Break {
  return (context) => ({
    dueTasks: async (options) => context.dueTasks?.(change(options)) ?? [],
  });
}

const broken: [promise: string, breakIt: Break, test: string][] = [
  [
    'to find open tasks',
    () => ({ dueTasks: async () => [] }),
    'is due once its lease may be over, with what its record says of it',
  ],
  [
    'to tell when a task was opened',
    (context) => ({
      dueTasks: async (options) =>
        ((await context.dueTasks?.(options)) ?? []).map((task) => ({ ...task, createdAt: 0 })),
    }),
    'is due once its lease may be over, with what its record says of it',
  ],
  [
    'to give a task to one caller',
    withAsked((options) => ({ ...options, leaseMs: 0 })),
    'is found by one of many who ask at the same time',
  ],
  [
    'to give no more tasks than are wanted',
    withAsked((options) => ({ ...options, limit: 100 })),
    'is found by one of many who ask at the same time',
  ],
  [
    'to give a task again when the time for it is over',
    withAsked((options) => ({ ...options, leaseMs: 600_000 })),
    'is due again when that time is over',
  ],
  [
    'to put a task off',
    () => ({ lookAgain: async () => {} }),
    'is due again when that time is over',
  ],
  [
    'to let nobody put a task off whose time for it is over',
    (context) => {
      let newest = 0;
      return {
        async dueTasks(options) {
          const found = (await context.dueTasks?.(options)) ?? [];
          newest = found[0]?.until ?? newest;
          return found;
        },
        lookAgain: async (task, inMs) => context.lookAgain?.({ ...task, until: newest }, inMs),
      };
    },
    'is not put off by somebody whose time for it is over',
  ],
  [
    'to tell definitions apart',
    (context) => {
      const definitions = new Set<string | undefined>();
      return {
        open(taskId, options) {
          definitions.add(options.definition);
          return context.open(taskId, options);
        },
        dueTasks: async (options) =>
          context.dueTasks?.({ ...options, definitions: [...definitions] }) ?? [],
      };
    },
    'is found by those only who ask for its definition',
  ],
  [
    'to forget a task that is saved',
    withLogs(() => ({ release: async () => {} })),
    'is open until its outcome is saved',
  ],
  [
    'to keep a task that is not saved',
    withLogs(({ release }) => ({ release: () => release({ isSaved: true }) })),
    'is open until its outcome is saved',
  ],
  [
    'to have no index of tasks that nobody has to save',
    (context) => ({
      open: (taskId, options) => context.open(taskId, { ...options, savesOutcome: true }),
    }),
    'is open until its outcome is saved',
  ],
  [
    'to make a task that is handed over due',
    (context) => ({
      lookAgain: context.lookAgain,
      async dueTasks(options) {
        const found = (await context.dueTasks?.(options)) ?? [];
        for (const task of found) {
          const record = await context.inspect(task.taskId);
          // As if the score had not been moved.
          if (record?.isWaiting && record.attempt === 1) {
            await context.lookAgain?.(task, 600_000);
            return [];
          }
        }
        return found;
      },
    }),
    'is due at once when it was handed over',
  ],
];

it.each(broken)(
  'notices a context with an index that breaks its promise %s',
  async (_, breakIt, test) => {
    await expectNoticed(breakIt, test);
  },
);

it('leaves out the index of a context that has none', () => {
  const names = (options?: Parameters<typeof collect>[1]) =>
    collect(createOwnContext, options).map(({ name }) => name);
  expect(names().join()).toContain('R-INDEX');
  expect(names({ without: ['open tasks'] }).join()).not.toContain('R-INDEX');
});
