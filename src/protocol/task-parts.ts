import type { FinishReason, UIDataTypes, UIMessage, UITools } from 'ai';
import type { TaskErrorData } from './task-error';

/**
 * Where a task stands: `pending → running → completed | failed | cancelled`. It is `pending` again
 * while it waits for a process that makes its next attempt.
 */
export type TaskStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

/** The three ways in which a task ends, exactly once. */
export type TaskOutcome = 'completed' | 'failed' | 'cancelled';

/** How far a task or a step has come. Without `total` the end is not known. */
export interface TaskProgress {
  /** Units done, 0 or more. */
  value: number;
  /** Units in all, more than 0; leave it out when unknown. */
  total?: number;
  /** One line for people, such as `Rendering 3 of 10`. */
  message?: string;
}

/** One phase of a task. Its weight is its share of the overall progress. */
export interface TaskStep<Name extends string = string> {
  name: Name;
  /** Relative to the other steps' weights; 0 or more. */
  weight: number;
  status: 'pending' | 'running' | 'completed' | 'failed';
  progress?: TaskProgress;
}

/** `data-task`: a snapshot of the task. The newest snapshot replaces the older ones. */
export interface TaskData {
  taskId: string;
  name?: string;
  status: TaskStatus;
  /** Counts from 1 when a task is attempted more than once. */
  attempt?: number;
  /** Set on a task that runs within another. */
  parentTaskId?: string;
  /** Set on a task that runs within a tool call. */
  toolCallId?: string;
  progress?: TaskProgress;
  steps?: TaskStep[];
  /** Epoch milliseconds. */
  createdAt: number;
  /** Epoch milliseconds. */
  updatedAt: number;
}

export type TaskLogLevel = 'info' | 'warning' | 'error';

/** `data-task-log`: one line of the task's log. */
export interface TaskLogData {
  taskId: string;
  /** Counts from 0 within the task. */
  index: number;
  level: TaskLogLevel;
  message: string;
  /** Epoch milliseconds. */
  at: number;
}

/** `data-task-partial`: one item of an incremental result. */
export interface TaskPartialData<Value = unknown> {
  taskId: string;
  /** Counts from 0 within the task. */
  index: number;
  value: Value;
}

/** `data-task-heartbeat`: the producer was alive at `at`; the next heartbeat is due in `intervalMs`. */
export interface TaskHeartbeatData {
  taskId: string;
  /** Epoch milliseconds. */
  at: number;
  intervalMs: number;
  /** Set while no process runs the task, and the next attempt has yet to begin. */
  waiting?: true;
}

/** `data-task-checkpoint`: what came before it stays, whatever becomes of this attempt. */
export interface TaskCheckpointData {
  taskId: string;
  /** Counts from 0 within the task. */
  index: number;
  /** Why the streams have finished that were merged before it, for the `finish` of a later attempt. */
  finishReason?: FinishReason;
}

/** `data-task-rewind`: the next attempt begins; what came after the checkpoint is void. */
export interface TaskRewindData {
  taskId: string;
  /** The attempt that begins; the first one of a task is 1. */
  attempt: number;
  /** The index of the checkpoint; -1 for the beginning of the work. */
  checkpoint: number;
  /** How many log lines there were at the checkpoint. */
  logs: number;
  /** How many partial results there were at the checkpoint. */
  partials: number;
}

/** `data-task-error`: what went wrong, in words that are meant for the client. */
export interface TaskErrorPartData extends TaskErrorData {
  taskId: string;
}

/** `data-task-settle`: the task's one outcome. */
export interface TaskSettlement<Result = unknown> {
  taskId: string;
  status: TaskOutcome;
  /** What `execute` returned; only when `completed`, and in a chat only if the server sends it. */
  result?: Result;
  /** Set when `failed` or `cancelled`; of a cancel, the code is `cancelled`, the message the reason. */
  error?: TaskErrorData;
  durationMs: number;
  /** Epoch milliseconds. */
  settledAt: number;
}

/**
 * Data types of our parts by the AI SDK's naming: `UIMessage<unknown, TaskUIDataTypes>` has
 * parts of the types `data-task`, `data-task-log` and so on.
 */
export type TaskUIDataTypes<Result = unknown, Partial = unknown> = {
  task: TaskData;
  'task-log': TaskLogData;
  'task-partial': TaskPartialData<Partial>;
  'task-heartbeat': TaskHeartbeatData;
  'task-checkpoint': TaskCheckpointData;
  'task-rewind': TaskRewindData;
  'task-error': TaskErrorPartData;
  'task-settle': TaskSettlement<Result>;
};

/** A chat message that may carry task parts beside the host's own data parts and tools. */
export type TaskUIMessage<
  Metadata = unknown,
  DataTypes extends UIDataTypes = TaskUIDataTypes,
  Tools extends UITools = UITools,
> = UIMessage<Metadata, DataTypes & TaskUIDataTypes, Tools>;

/** A chunk of this package: `type`, `id`, `data`, `transient`, and nothing beside them. */
export type TaskChunk<Result = unknown, Partial = unknown> = {
  [Name in keyof TaskUIDataTypes & string]: {
    type: `data-${Name}`;
    id?: string;
    data: TaskUIDataTypes<Result, Partial>[Name];
    transient?: boolean;
  };
}[keyof TaskUIDataTypes & string];

const taskPartType = /^data-task(-(log|partial|heartbeat|checkpoint|rewind|error|settle))?$/;

/**
 * Tells whether a chunk or a message part is a task part of this package: by its type, and by a
 * string `taskId` in its `data`. The other fields of `data` are taken on trust.
 */
export function isTaskPart<Part extends { type: string }>(part: Part): part is Part & TaskChunk {
  if (!taskPartType.test(part.type)) return false;
  const { data } = part as { type: string; data?: unknown };
  return typeof Object(data).taskId === 'string';
}
