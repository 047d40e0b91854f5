import type { ResumableStreamContext, TaskStreamContext } from '../server/index';
import { toTaskStreamContext } from '../server/to-task-stream-context';
import { createFaultPlan } from './fault-plan';
import type { StreamContextFault } from './fault-schedule';
import { createFaultyProducer, type FaultyProducer } from './faulty-producer';
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
  // The producers of the tasks that were opened by this context.
  const producers = new Map<string, FaultyProducer>();

  return {
    injected: plan.injected,
    async open(taskId, options) {
      let producer: FaultyProducer | undefined;
      const open = async () => {
        const log = await context.open(taskId, options);
        if (!log) return undefined;
        const known = producers.get(taskId);
        producer =
          known?.token === options.token
            ? known
            : createFaultyProducer({ taskId, options, log, plan });
        producers.set(taskId, producer);
        return producer;
      };
      try {
        const opened = await plan.call('open', open);
        opened?.revive();
        return opened?.log;
      } catch (error) {
        // The caller does not know that the task was opened, so nobody works on it.
        producer?.kill();
        throw error;
      }
    },
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
    close: () => context.close(),
  };
}
