import type { UIMessage } from 'ai';
import type { TaskError, TaskErrorData } from '../protocol/task-error';
import type { TaskLogData, TaskSettlement, TaskStatus } from '../protocol/task-parts';
import type { TaskState } from '../protocol/task-state';
import type { TaskCancel } from './task-cancel';
import type { TaskClientOptions } from './task-client-options';

/** State of the connection, which says nothing about the state of the task. */
export type TaskConnection = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed';

/**
 * Where a task stands for a page: `idle` before there is a task, `unsettled` when the page stopped
 * following it because of an error, and does not know its outcome.
 */
export type TaskStreamStatus = 'idle' | TaskStatus | 'unsettled';

/** The page stopped following before the task had an outcome; the task itself may go on. */
export interface UnsettledTask {
  status: 'unsettled';
  /** The task that was followed. */
  taskId: string;
  /**
   * Why: `aborted` (the page left), `gave-up`, `unsettled`, `unreadable-body`, `invalid-response`,
   * `unserializable`, `page-failed`, or whatever code the server refused with.
   */
  error: TaskError;
}

/** How following a task ended: with its settlement, or with the reason why there is none. */
export type TaskEnd<Result = unknown> = TaskSettlement<Result> | UnsettledTask;

/** Everything that a page may want to show of a task. */
export interface TaskStreamState<
  Result = unknown,
  Value = unknown,
  StepName extends string = string,
> extends Omit<TaskState<Result, Value, StepName>, 'status'> {
  /** Where the task stands; as it was seen last, when the page has left it. */
  readonly status: TaskStreamStatus;
  /** The assistant's message that the task streams, as `useChat` would build it. */
  readonly message: UIMessage;
  /** The task's result, once it is completed. */
  readonly result?: Result | undefined;
  /**
   * What went wrong with the task, or why the page stopped following it. A cancel is no error: its
   * reason is `settlement.error.message`.
   */
  readonly error?: TaskErrorData | undefined;
  readonly connection: TaskConnection;
  /** Whether a task is being followed that has not settled. */
  readonly isActive: boolean;
  /** Whether nothing was received for longer than the heartbeats promise. */
  readonly isStalled: boolean;
  /** Overall progress, 0 to 100; `undefined` while it is not known. */
  readonly percent?: number | undefined;
  /** Estimated milliseconds that remain, as of the newest snapshot; `undefined` while unknown. */
  readonly remainingMs?: number | undefined;
}

/** Writes and reads values that JSON cannot hold, such as `superjson`. The server needs the same. */
export interface TaskTransformer {
  stringify(value: unknown): string;
  parse(text: string): unknown;
}

/** Options of `createTaskStream`. */
export interface TaskStreamOptions<Result = unknown, Value = unknown> extends TaskClientOptions {
  /** Used for the input, the partial results and the result. Default: plain JSON. */
  transformer?: TaskTransformer | undefined;
  /** The task has its outcome. Called once per task. */
  onSettle?: ((settlement: TaskSettlement<Result>) => void) | undefined;
  /** The task reported an error, or the page stopped following it. Not called on cancel or detach. */
  onError?: ((error: TaskError) => void) | undefined;
  /**
   * A partial result arrived; `index` counts from 0. Called once for each index, also when a later
   * attempt of the task makes it again; the state has the newer one.
   */
  onPartial?: ((value: Value, index: number) => void) | undefined;
  /** A line of the task's log arrived. Called once for each index, like `onPartial`. */
  onLog?: ((log: TaskLogData) => void) | undefined;
}

/** Options of `start`. */
export interface StartTaskOptions {
  /** Names the task: 16 to 128 characters of `A-Za-z0-9_-`. Default: a fresh unguessable id. */
  taskId?: string | undefined;
}

/** What `start` takes. A task that can do without input needs none to be given. */
export type StartTaskArguments<Input> = undefined extends Input
  ? [input?: Input, options?: StartTaskOptions]
  : [input: Input, options?: StartTaskOptions];

/** Options of `resume`. */
export interface ResumeTaskOptions {
  /** Go on after this cursor. Default: after what the store has of the task, else the start. */
  cursor?: string | undefined;
  /** When the server does not know the task (404), return to the initial state without an error. */
  ifPresent?: boolean | undefined;
}

/** A store that starts a task, follows it, and holds what is known of it. */
export interface TaskStream<
  Input = unknown,
  Result = unknown,
  Value = unknown,
  StepName extends string = string,
> {
  /** The current state; the same object until something changes. */
  getState(): TaskStreamState<Result, Value, StepName>;
  /** Calls the listener after each change, at most once per network read. Returns the way to stop. */
  subscribe(listener: () => void): () => void;
  /**
   * Starts a task and follows it, leaving a former one. Resolves with the settlement, or with
   * status `unsettled` when the page left, the server refused or the client gave up. Never rejects.
   */
  start(...given: StartTaskArguments<Input>): Promise<TaskEnd<Result>>;
  /**
   * Asks the server to stop the task, and goes on following it until it settles. Resolves with
   * whether the server took the request. Never rejects. May be used as an event handler as it is.
   */
  readonly cancel: TaskCancel;
  /** Stops following; the task goes on. */
  detach(): void;
  /** Follows a task that was started before. Resolves as `start` does. */
  resume(taskId: string, options?: ResumeTaskOptions): Promise<TaskEnd<Result>>;
  /** Detaches, and returns to the initial state. */
  reset(): void;
  /** Resets, and drops all listeners. */
  dispose(): void;
}
