import { T as TaskStatus, a as TaskProgress, b as TaskStep, c as TaskLogData, d as TaskErrorData, e as TaskSettlement, f as TaskHeartbeatData } from './task-parts.js';

/** What is known of a task from the chunks seen so far. */
interface TaskState<Result = unknown, Value = unknown, StepName extends string = string> {
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
interface TaskCheckpoint<Result = unknown, Value = unknown> {
    /** Counts from 0 within the task. */
    readonly index: number;
    readonly task: TaskState<Result, Value>;
}
/** The state before the first chunk. */
declare const initialTaskState: TaskState<never, never>;
/**
 * Turns a chunk into the next state. Pure; returns the same object when the chunk changes
 * nothing, as every chunk does that is not a task part. The first task part names the task;
 * parts of other tasks go to `children`. After the settle part only `children` may change.
 * Log lines and partial results seen before (by their `index`) are skipped. When the next attempt
 * begins (`data-task-rewind`), the state goes back to its checkpoint. A task within this one that has
 * settled begins anew when it runs again, with its `key`. When the task itself was begun anew
 * (a `gap` with the cause `another-log`), the state begins anew with it.
 */
declare function reduceTaskChunk<Result = unknown, Value = unknown>(state: TaskState<Result, Value>, chunk: {
    type: string;
}): TaskState<Result, Value>;

export { type TaskState as T, type TaskCheckpoint as a, initialTaskState as i, reduceTaskChunk as r };
