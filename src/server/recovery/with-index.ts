import { TaskError } from '../../protocol/task-error';
import type { TaskStreamContext } from '../log/task-stream-context';

/** A context that has an index of open tasks. */
export type IndexedContext = TaskStreamContext &
  Required<Pick<TaskStreamContext, 'dueTasks' | 'lookAgain'>>;

function hasIndex(context: TaskStreamContext): context is IndexedContext {
  return context.dueTasks !== undefined && context.lookAgain !== undefined;
}

/** @throws TaskError `invalid-options` when the context has no index of open tasks. */
export function withIndex(context: TaskStreamContext): IndexedContext {
  if (hasIndex(context)) return context;
  throw new TaskError({
    code: 'invalid-options',
    message:
      'This `streamContext` has no index of open tasks, by which a supervisor would find them. Use `createRedisStreamContext()` or `createMemoryStreamContext()`.',
  });
}
