import { formatCursor } from '../protocol/cursor';
import type { ResumableStreamContext, TaskLog, TaskStreamContext } from '../server/index';
import { toTaskStreamContext } from '../server/to-task-stream-context';
import { createFaultPlan } from './fault-plan';
import type { StreamContextFault } from './fault-schedule';
import { createFaultyProducer, type FaultyProducer, type ProducedTask } from './faulty-producer';
import { createFaultyReader } from './faulty-reader';

/** A stream context with faults. */
export interface FaultyStreamContext extends TaskStreamContext {
  /** The faults of the schedule that have happened until now, in their order. */
  readonly injected: readonly StreamContextFault[];
}

/**
 * Puts faults between tasks and the place where their logs live, to see what becomes of routes and
 * pages: a storage that is away or slow, answers that get lost, readers that are cut, producers that
 * are gone. The same schedule does the same to the same calls. Nothing that the given context has
 * stored is changed; the context returned keeps its promises but for those that the faults break.
 *
 * @throws TaskError `invalid-options` when `given` is no stream context.
 */
export function createFaultyStreamContext(
  given: TaskStreamContext | ResumableStreamContext,
  schedule: readonly StreamContextFault[],
): FaultyStreamContext {
  const context = toTaskStreamContext(given);
  const plan = createFaultPlan(schedule);
  // The producers of the tasks that were opened or taken by this context.
  const producers = new Map<string, FaultyProducer>();
  const { take, dueTasks, lookAgain, draining, drain, retentionMs } = context;

  /** Makes a call that gives a task to a producer, which is gone if the caller gets no answer. */
  const produce = async <Given>(
    call: 'open' | 'take',
    work: () => Promise<{ given: Given; log: TaskLog; task: ProducedTask } | undefined>,
    replaceLog: (given: Given, log: TaskLog) => Given,
  ): Promise<Given | undefined> => {
    let producer: FaultyProducer | undefined;
    const begin = async () => {
      const begun = await work();
      if (!begun) return undefined;
      const { given, log, task } = begun;
      const known = producers.get(task.taskId);
      producer = known?.token === task.token ? known : createFaultyProducer({ task, log, plan });
      producers.set(task.taskId, producer);
      return { given, producer };
    };
    try {
      const begun = await plan.call(call, begin);
      begun?.producer.revive();
      return begun && replaceLog(begun.given, begun.producer.log);
    } catch (error) {
      // The caller does not know that it has the task, so nobody works on it.
      producer?.kill();
      throw error;
    }
  };

  return {
    injected: plan.injected,
    async open(taskId, options) {
      const { token, leaseMs, name, continued, frames } = options;
      const createdAt = Date.now();
      const work = async () => {
        const log = await context.open(taskId, options);
        const task = { taskId, token, leaseMs, createdAt, name, continued, frames };
        return log && { given: log, log, task };
      };
      return produce('open', work, (_, log) => log);
    },
    ...(take && {
      async take(taskId, options) {
        const { token, leaseMs } = options;
        const work = async () => {
          const taken = await take(taskId, options);
          if (!taken) return undefined;
          const { log, owner, name, continued, createdAt } = taken;
          const frames = await readFrames(context, taskId, owner);
          const task = { taskId, token, leaseMs, createdAt, name, continued, frames };
          return { given: taken, log, task };
        };
        return produce('take', work, (taken, log) => ({ ...taken, log }));
      },
    }),
    async read(taskId, options) {
      const reader = await plan.call('read', () => context.read(taskId, options));
      const isProducerGone = () => producers.get(taskId)?.isGone ?? false;
      return reader && createFaultyReader({ reader, plan, isProducerGone });
    },
    cancel: (taskId, options) => plan.call('cancel', () => context.cancel(taskId, options)),
    inspect: (taskId, options) => plan.call('inspect', () => context.inspect(taskId, options)),
    activeTask: (chatId, options) =>
      plan.call('activeTask', () => context.activeTask(chatId, options)),
    claimOutcome: (taskId, options) =>
      plan.call('claimOutcome', async () => context.claimOutcome?.(taskId, options)),
    ...(dueTasks && { dueTasks: (options) => plan.call('dueTasks', () => dueTasks(options)) }),
    ...(lookAgain && {
      lookAgain: (task, inMs) => plan.call('lookAgain', () => lookAgain(task, inMs)),
    }),
    ...(retentionMs !== undefined && { retentionMs }),
    ...(draining && { draining }),
    ...(drain && { drain }),
    close: () => context.close(),
  };
}

/** The frames of a log up to its present end. */
async function readFrames(
  context: TaskStreamContext,
  taskId: string,
  owner: string | undefined,
): Promise<string[]> {
  const known = owner === undefined ? {} : { owner };
  const end = (await context.inspect(taskId, known))?.cursor;
  const reader = await context.read(taskId, known);
  const frames: string[] = [];
  for await (const range of reader ?? []) {
    frames.push(...range.data.slice(range.start - range.offset, range.end - range.offset));
    if (formatCursor(range.epoch, range.end - 1) === end) break;
  }
  return frames;
}
