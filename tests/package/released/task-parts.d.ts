import { UIDataTypes, FinishReason, UITools, UIMessage } from 'ai';

/** Codes that the package itself uses, each with a page under docs/errors; `execute` may throw others. */
type TaskErrorCode = 'aborted' | 'body-too-large' | 'cancelled' | 'chat-busy' | 'chat-unavailable' | 'checkpoint-open-parts' | 'checkpoint-too-large' | 'context-unavailable' | 'drained' | 'forbidden' | 'frame-too-large' | 'gap' | 'gave-up' | 'input-too-large' | 'internal' | 'invalid-body' | 'invalid-chat-id' | 'invalid-cursor' | 'invalid-input' | 'invalid-message' | 'invalid-options' | 'invalid-query' | 'invalid-response' | 'invalid-task-id' | 'key-in-use' | 'lost' | 'message-id-ignored' | 'message-unavailable' | 'method-not-allowed' | 'not-found' | 'page-failed' | 'refused' | 'settled' | 'stream-aborted' | 'stream-failed' | 'timeout' | 'too-many-tasks' | 'unauthorized' | 'unknown-step' | 'unreadable-body' | 'unserializable' | 'unsettled' | 'unsupported-media-type';
/** What a client gets to know of an error: plain data, fit for the wire. */
interface TaskErrorData {
    code: TaskErrorCode | (string & {});
    message: string;
    /** Whether the same request may succeed when it is made again. */
    retryable: boolean;
    /** Whatever else the client should know; must be serialisable. */
    details?: unknown;
}
/**
 * The package's one error class. Thrown inside `execute` it reaches the client as it is
 * (`code`, `message`, `retryable`, `details`); every other error is masked, and so is a `TaskError`
 * of the code `invalid-options`, which is for whoever wrote the server.
 */
declare class TaskError extends Error {
    readonly code: TaskErrorCode | (string & {});
    readonly retryable: boolean;
    readonly details: unknown;
    constructor({ message, code, retryable, details, cause, }: {
        /** Written for the person who reads it: says what to do. */
        message: string;
        /** Default `internal`. */
        code?: TaskErrorCode | (string & {});
        /** Default false. */
        retryable?: boolean;
        /** Serialisable; sent to the client. */
        details?: unknown;
        /** Kept on the server; never sent. */
        cause?: unknown;
    });
    /** Like `instanceof`, but holds across copies and versions of the package. */
    static isInstance(value: unknown): value is TaskError;
    /** The error as plain data for the wire, without cause and stack. */
    toJSON(): TaskErrorData;
}

/**
 * Where a task stands: `pending → running → completed | failed | cancelled`. It is `pending` again
 * while it waits for a process that makes its next attempt.
 */
type TaskStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
/** The three ways in which a task ends, exactly once. */
type TaskOutcome = 'completed' | 'failed' | 'cancelled';
/** How far a task or a step has come. Without `total` the end is not known. */
interface TaskProgress {
    /** Units done, 0 or more. */
    value: number;
    /** Units in all, more than 0; leave it out when unknown. */
    total?: number;
    /** One line for people, such as `Rendering 3 of 10`. */
    message?: string;
}
/** One phase of a task. Its weight is its share of the overall progress. */
interface TaskStep<Name extends string = string> {
    name: Name;
    /** Relative to the other steps' weights; 0 or more. */
    weight: number;
    status: 'pending' | 'running' | 'completed' | 'failed';
    progress?: TaskProgress;
}
/** `data-task`: a snapshot of the task. The newest snapshot replaces the older ones. */
interface TaskData {
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
type TaskLogLevel = 'info' | 'warning' | 'error';
/** `data-task-log`: one line of the task's log. */
interface TaskLogData {
    taskId: string;
    /** Counts from 0 within the task. */
    index: number;
    level: TaskLogLevel;
    message: string;
    /** Epoch milliseconds. */
    at: number;
}
/** `data-task-partial`: one item of an incremental result. */
interface TaskPartialData<Value = unknown> {
    taskId: string;
    /** Counts from 0 within the task. */
    index: number;
    value: Value;
}
/** `data-task-heartbeat`: the producer was alive at `at`; the next heartbeat is due in `intervalMs`. */
interface TaskHeartbeatData {
    taskId: string;
    /** Epoch milliseconds. */
    at: number;
    intervalMs: number;
    /** Set while no process runs the task, and the next attempt has yet to begin. */
    waiting?: true;
}
/** `data-task-checkpoint`: what came before it stays, whatever becomes of this attempt. */
interface TaskCheckpointData {
    taskId: string;
    /** Counts from 0 within the task. */
    index: number;
    /** Why the streams have finished that were merged before it, for the `finish` of a later attempt. */
    finishReason?: FinishReason;
}
/** `data-task-rewind`: the next attempt begins; what came after the checkpoint is void. */
interface TaskRewindData {
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
interface TaskErrorPartData extends TaskErrorData {
    taskId: string;
}
/** `data-task-settle`: the task's one outcome. */
interface TaskSettlement<Result = unknown> {
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
type TaskUIDataTypes<Result = unknown, Partial = unknown> = {
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
type TaskUIMessage<Metadata = unknown, DataTypes extends UIDataTypes = TaskUIDataTypes, Tools extends UITools = UITools> = UIMessage<Metadata, DataTypes & TaskUIDataTypes, Tools>;
/** A chunk of this package: `type`, `id`, `data`, `transient`, and nothing beside them. */
type TaskChunk<Result = unknown, Partial = unknown> = {
    [Name in keyof TaskUIDataTypes & string]: {
        type: `data-${Name}`;
        id?: string;
        data: TaskUIDataTypes<Result, Partial>[Name];
        transient?: boolean;
    };
}[keyof TaskUIDataTypes & string];
/**
 * Tells whether a chunk or a message part is a task part of this package: by its type, and by a
 * string `taskId` in its `data`. The other fields of `data` are taken on trust.
 */
declare function isTaskPart<Part extends {
    type: string;
}>(part: Part): part is Part & TaskChunk;

export { type TaskStatus as T, type TaskProgress as a, type TaskStep as b, type TaskLogData as c, type TaskErrorData as d, type TaskSettlement as e, type TaskHeartbeatData as f, TaskError as g, type TaskUIMessage as h, type TaskUIDataTypes as i, type TaskCheckpointData as j, type TaskChunk as k, type TaskData as l, type TaskErrorCode as m, type TaskErrorPartData as n, type TaskLogLevel as o, type TaskOutcome as p, type TaskPartialData as q, type TaskRewindData as r, isTaskPart as s };
