import { isAnotherLog } from './another-log';
import { growList } from './growing-list';
import type { TaskErrorData } from './task-error';
import {
  isTaskPart,
  type TaskChunk,
  type TaskHeartbeatData,
  type TaskLogData,
  type TaskProgress,
  type TaskSettlement,
  type TaskStatus,
  type TaskStep,
} from './task-parts';

/** What is known of a task from the chunks seen so far. */
export interface TaskState<Result = unknown, Value = unknown, StepName extends string = string> {
  readonly taskId?: string;
  readonly name?: string;
  readonly status: TaskStatus;
  readonly attempt?: number;
  /** Set on a task that runs within another. */
  readonly parentTaskId?: string;
  /** Set on a task that runs within a tool call. */
  readonly toolCallId?: string;
  readonly progress?: TaskProgress;
  readonly steps: readonly TaskStep<StepName>[];
  readonly logs: readonly TaskLogData[];
  /** The values of the partial results, in order. */
  readonly partials: readonly Value[];
  /** The newest error; after settling, the settlement's. */
  readonly error?: TaskErrorData;
  /** Set once the task has settled. */
  readonly settlement?: TaskSettlement<Result>;
  readonly heartbeat?: TaskHeartbeatData;
  /** Epoch milliseconds, by the server's clock. */
  readonly createdAt?: number;
  /** Epoch milliseconds, by the server's clock. */
  readonly updatedAt?: number;
  /** Tasks that ran within this one, by taskId. */
  readonly children: Readonly<Record<string, TaskState>>;
}

/** The state before the first chunk. */
export const initialTaskState: TaskState<never, never> = {
  status: 'pending',
  steps: [],
  logs: [],
  partials: [],
  children: {},
};

/** The state of a task within this one. `hasOwn`, because `__defineGetter__` is a taskId, too. */
export function childOf(
  { children }: Pick<TaskState, 'children'>,
  taskId: string,
): TaskState | undefined {
  return Object.hasOwn(children, taskId) ? children[taskId] : undefined;
}

/**
 * Turns a chunk into the next state. Pure; returns the same object when the chunk changes
 * nothing, as every chunk does that is not a task part. The first task part names the task;
 * parts of other tasks go to `children`. After the settle part only `children` may change.
 * Log lines and partial results seen before (by their `index`) are skipped. When the task was begun
 * anew (a `gap` with the cause `another-log`), the state begins anew with it.
 */
export function reduceTaskChunk<Result = unknown, Value = unknown>(
  state: TaskState<Result, Value>,
  chunk: { type: string },
): TaskState<Result, Value> {
  return reduce(state, chunk, (list, item) => [...list, item]);
}

/**
 * Like `reduceTaskChunk`, but logs and partial results grow in place, so that they are not copied
 * with each chunk. Only for code that keeps the state to itself, and shows others `stillTask` of it.
 */
export function growTask<Result = unknown, Value = unknown>(
  state: TaskState<Result, Value>,
  chunk: { type: string },
): TaskState<Result, Value> {
  return reduce(state, chunk, growList);
}

type Append = <Item>(list: readonly Item[], item: Item) => readonly Item[];

function reduce<Result, Value>(
  state: TaskState<Result, Value>,
  chunk: { type: string },
  append: Append,
): TaskState<Result, Value> {
  if (!isTaskPart(chunk)) return state;
  const { taskId } = chunk.data;
  const { children } = state;
  if (state.taskId && state.taskId !== taskId) {
    const child = childOf(state, taskId) ?? initialTaskState;
    const next = reduce(child, chunk, append);
    return next === child ? state : { ...state, children: { ...children, [taskId]: next } };
  }
  if (!state.settlement && isAnotherLog(chunk)) {
    const { heartbeat } = state;
    const error = (chunk as TaskChunk<Result, Value> & { type: 'data-task-error' }).data;
    return { ...initialTaskState, taskId, ...(heartbeat && { heartbeat }), error };
  }
  const changed = state.settlement
    ? undefined
    : change(state, chunk as TaskChunk<Result, Value>, append);
  return changed ? { ...state, taskId, ...changed } : state;
}

function change<Result, Value>(
  { logs, partials }: TaskState<Result, Value>,
  chunk: TaskChunk<Result, Value>,
  append: Append,
): Partial<TaskState<Result, Value>> | undefined {
  switch (chunk.type) {
    case 'data-task':
      // Whatever the newest snapshot leaves out is gone.
      return { name: undefined, progress: undefined, steps: [], ...chunk.data };
    case 'data-task-log':
      return chunk.data.index > (logs.at(-1)?.index ?? -1)
        ? { logs: append(logs, chunk.data) }
        : undefined;
    case 'data-task-partial':
      return chunk.data.index >= partials.length
        ? { partials: append(partials, chunk.data.value) }
        : undefined;
    case 'data-task-heartbeat':
      return { heartbeat: chunk.data };
    case 'data-task-error':
      return { error: chunk.data };
    case 'data-task-settle':
      return { settlement: chunk.data, status: chunk.data.status, error: chunk.data.error };
  }
}
