import { createDraining, type DrainControl } from './draining';
import { createDrainingError } from './task-errors';
import type { TaskStreamContext } from './task-stream-context';

/**
 * Wraps a context so that its process can take leave of its tasks: once it drains, none is opened or
 * taken (`context-unavailable`), and all others are followed and cancelled as before.
 *
 * @param control Default: one for this context alone, whose tasks other processes can take if it has
 * `take`.
 */
export function drainableContext(
  context: TaskStreamContext,
  control: DrainControl = createDraining({ canHandOver: context.take !== undefined }),
): TaskStreamContext {
  const { take } = context;
  const { begun } = control.draining;
  return {
    ...context,
    ...control,
    async open(taskId, options) {
      if (!begun.aborted) return context.open(taskId, options);
      // Whoever starts a task that is there already is to follow it.
      const { owner, definition } = options;
      if (await context.inspect(taskId, { owner, definition })) return undefined;
      throw createDrainingError();
    },
    ...(take && {
      async take(taskId, options) {
        if (begun.aborted) throw createDrainingError();
        return take(taskId, options);
      },
    }),
  };
}
