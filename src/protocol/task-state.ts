import { isAnotherLog } from './another-log';
import { addCheckpoint, beginAttempt } from './checkpoints';
import type { TaskErrorData } from './task-error';
import {
  isTaskPart,
  type TaskChunk,
  type TaskHeartbeatData,
  type TaskLogData,
  type TaskProgress,
  type TaskRewindData,
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
  /** The newest checkpoints, oldest first: what the state may go back to when an attempt is lost. */
  readonly checkpoints?: readonly TaskCheckpoint<Result, Value>[];
}

/** A task as it was at a checkpoint. */
export interface TaskCheckpoint<Result = unknown, Value = unknown> {
  /** Counts from 0 within the task. */
  readonly index: number;
  readonly task: TaskState<Result, Value>;
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
 * Log lines and partial results seen before (by their `index`) are skipped. When the next attempt
 * begins (`data-task-rewind`), the state goes back to its checkpoint. A task within this one that has
 * settled begins anew when it runs again, with its `key`. When the task itself was begun anew
 * (a `gap` with the cause `another-log`), the state begins anew with it.
 */
export function reduceTaskChunk<Result = unknown, Value = unknown>(
  state: TaskState<Result, Value>,
  chunk: { type: string },
): TaskState<Result, Value> {
  return reduceTask(state, chunk, copying);
}

/** How the lists of a state grow. */
export interface TaskGrowth {
  append: <Item>(list: readonly Item[], item: Item) => readonly Item[];
  /** Returns what stays as it is now when the lists of the given state grow, without checkpoints. */
  keep: <Result, Value>(task: TaskState<Result, Value>) => TaskState<Result, Value>;
}

const copying: TaskGrowth = {
  append: (list, item) => [...list, item],
  keep: (task) => ({ ...task, checkpoints: undefined }),
};

/** `reduceTaskChunk`, for lists that grow in a way of their own. */
export function reduceTask<Result, Value>(
  state: TaskState<Result, Value>,
  chunk: { type: string },
  growth: TaskGrowth,
): TaskState<Result, Value> {
  if (!isTaskPart(chunk)) return state;
  const { taskId } = chunk.data;
  const { children } = state;
  if (state.taskId && state.taskId !== taskId) {
    const known = childOf(state, taskId);
    // A snapshot of one that has settled: it is run again.
    const isAnew = known?.settlement && chunk.type === 'data-task';
    const child = (!isAnew && known) || initialTaskState;
    const next = reduceTask(child, chunk, growth);
    return next === child ? state : { ...state, children: { ...children, [taskId]: next } };
  }
  if (state.settlement) return state;
  if (isAnotherLog(chunk)) {
    const { heartbeat } = state;
    const error = (chunk as TaskChunk<Result, Value> & { type: 'data-task-error' }).data;
    return { ...initialTaskState, taskId, ...(heartbeat && { heartbeat }), error };
  }
  if (chunk.type === 'data-task-rewind') return rewind(state, chunk.data);
  const changed = change(state, chunk as Change<Result, Value>, growth);
  return changed ? { ...state, taskId, ...changed } : state;
}

/** The parts of which each changes a few fields of a state. */
type Change<Result, Value> = Exclude<TaskChunk<Result, Value>, { type: 'data-task-rewind' }>;

/** A state that did not see the checkpoint: only its lists can be taken back. */
function shortened<Result, Value>(
  state: TaskState<Result, Value>,
  { logs, partials }: TaskRewindData,
): TaskState<Result, Value> {
  return {
    ...state,
    logs: state.logs.filter(({ index }) => index < logs),
    partials: state.partials.slice(0, partials),
    error: undefined,
  };
}

/** The state at a checkpoint, with what holds of the task itself whatever an attempt did. */
function rewind<Result, Value>(
  state: TaskState<Result, Value>,
  data: TaskRewindData,
): TaskState<Result, Value> {
  const start = beginAttempt(state, data);
  if (!start) return state;
  const { heartbeat } = state;
  const unseen = () => (data.checkpoint < 0 ? initialTaskState : shortened(state, data));
  return {
    ...(start.from?.task ?? unseen()),
    taskId: data.taskId,
    status: 'running',
    ...(heartbeat && { heartbeat: { ...heartbeat, waiting: undefined } }),
    checkpoints: undefined,
    ...start.attempts,
  };
}

function change<Result, Value>(
  state: TaskState<Result, Value>,
  chunk: Change<Result, Value>,
  { append, keep }: TaskGrowth,
): Partial<TaskState<Result, Value>> | undefined {
  const { logs, partials, heartbeat } = state;
  switch (chunk.type) {
    case 'data-task': {
      // While the task waits, what comes is a replay of an attempt that is over.
      const isWaiting = heartbeat?.waiting && chunk.data.status === 'running';
      const status = isWaiting ? 'pending' : chunk.data.status;
      // Whatever the newest snapshot leaves out is gone.
      return { name: undefined, progress: undefined, steps: [], ...chunk.data, status };
    }
    case 'data-task-log':
      return chunk.data.index > (logs.at(-1)?.index ?? -1)
        ? { logs: append(logs, chunk.data) }
        : undefined;
    case 'data-task-partial':
      return chunk.data.index >= partials.length
        ? { partials: append(partials, chunk.data.value) }
        : undefined;
    case 'data-task-heartbeat':
      return { heartbeat: chunk.data, ...(chunk.data.waiting && { status: 'pending' }) };
    case 'data-task-checkpoint': {
      const { index } = chunk.data;
      const checkpoints = addCheckpoint(state, index, () => ({ index, task: keep(state) }));
      return checkpoints && { checkpoints };
    }
    case 'data-task-error':
      return { error: chunk.data };
    case 'data-task-settle':
      return { settlement: chunk.data, status: chunk.data.status, error: chunk.data.error };
  }
}
