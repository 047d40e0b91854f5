import type { TaskLog, TaskStreamContext } from 'ai-task-stream/server';

/**
 * A context in which attempts lose their process: the first one when it has added `losses[0]` frames,
 * the second one after `losses[1]`, and so on. What such an attempt does after that reaches nobody.
 */
export function createLosingContext(
  context: TaskStreamContext,
  losses: readonly number[],
): TaskStreamContext {
  const losing = (log: TaskLog): TaskLog => {
    let left = losses[(log.attempt ?? 1) - 1] ?? Number.POSITIVE_INFINITY;
    const isLost = () => {
      // In memory the task waits at once, and this log takes nothing any more.
      if (left === 0) void log.handOver?.({ isFree: true });
      return left-- <= 0;
    };
    return {
      ...log,
      append: (data) => {
        if (!isLost()) log.append(data);
      },
      checkpoint: async (...given) => !isLost() && (await log.checkpoint?.(...given)) === true,
      settle: async (...given) => !isLost() && (await log.settle(...given)),
      handOver: async (...given) =>
        left < 0 ? 'closed' : ((await log.handOver?.(...given)) ?? 'closed'),
    };
  };
  return {
    ...context,
    async open(taskId, options) {
      const log = await context.open(taskId, options);
      return log && losing(log);
    },
    async take(taskId, options) {
      const taken = await context.take?.(taskId, options);
      return taken && { ...taken, log: losing(taken.log) };
    },
  };
}
