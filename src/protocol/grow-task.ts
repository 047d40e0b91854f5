import { growList } from './growing-list';
import { stillTask } from './still-task';
import { reduceTask, type TaskGrowth, type TaskState } from './task-state';

const growth: TaskGrowth = {
  append: growList,
  keep: (task) => stillTask(task, { checkpoints: undefined }),
};

/**
 * Like `reduceTaskChunk`, but logs and partial results grow in place, so that they are not copied
 * with each chunk. Only for code that keeps the state to itself, and shows others `stillTask` of it.
 */
export function growTask<Result = unknown, Value = unknown>(
  state: TaskState<Result, Value>,
  chunk: { type: string },
): TaskState<Result, Value> {
  return reduceTask(state, chunk, growth);
}
