import type { UIMessage } from 'ai';
import type { TaskLogLevel, TaskProgress } from '../../protocol/task-parts';

/** Reports progress of one step. */
export interface StepReporter {
  /** Sets how far this step has come. */
  progress(progress: TaskProgress): void;
}

/** Which attempt at a task runs, and where it began. Tasks within it share its checkpoints. */
export interface TaskAttempt<Checkpoint = unknown> {
  /** Counts from 1. With `retry`, a task whose process is lost or whose work fails is attempted again. */
  readonly attempt: number;
  /**
   * The value of the newest checkpoint of the attempts before, from which this one goes on. The task
   * is as it was there: its progress, steps, log lines, partial results and message. `undefined` in the
   * first attempt, and as long as no attempt has made a checkpoint.
   */
  readonly lastCheckpoint: Checkpoint | undefined;
  /**
   * In a chat, the assistant's message as it was at `lastCheckpoint`, so that an agent needs to keep
   * little more than a number. `undefined` where there is no checkpoint, and where the storage has lost
   * part of the message, which `onError` is told.
   */
  readonly messageSoFar: UIMessage | undefined;
  /**
   * Whether this process takes leave, such as at a deploy. With `retry` the work may then come to a
   * checkpoint, behind which another process goes on; else it has the time until its `signal` aborts.
   */
  readonly isDraining: boolean;
  /**
   * Keeps a small value, with which the next attempt begins here instead of at the beginning. What was
   * sent before stays, whatever becomes of this attempt. Waits until no text, reasoning or call of the
   * server's tools is open and each merged stream is between two steps, where it is held meanwhile; for
   * `graceMs` at most. Calls that wait for the page may be open.
   *
   * Resolves with whether the checkpoint is stored. `false`: that is not known, because the storage is
   * away or has lost something; or the task is none that can be attempted again, so that nothing is
   * kept. The work may go on then, and the next attempt begins at an earlier checkpoint.
   *
   * @throws TaskError `checkpoint-open-parts`, `checkpoint-too-large`, `settled`, `unserializable`.
   */
  checkpoint(value: Checkpoint): Promise<boolean>;
}

/** What `execute` reports with, as `task`. */
export interface TaskReporter<
  StepName extends string = string,
  Value = unknown,
  Checkpoint = unknown,
> extends TaskAttempt<Checkpoint> {
  readonly taskId: string;
  readonly name: string | undefined;
  /**
   * Sets how far the task has come. While a step is running, this counts for the step that started
   * last. At most one update per `progressIntervalMs` is sent; the newest one always is.
   */
  progress(progress: TaskProgress): void;
  /**
   * Runs a phase and resolves with what it returns. Names must be among `steps`, when those were
   * given; else steps are listed in the order in which they start, without a weight.
   *
   * @throws TaskError `unknown-step` for a name that is not among `steps`.
   */
  step<Returned>(
    name: StepName,
    work: (step: StepReporter) => Promise<Returned> | Returned,
  ): Promise<Returned>;
  /** Adds a line to the log; a string is of the level `info`. */
  log(entry: string | { level?: TaskLogLevel; message: string }): void;
  /**
   * Adds one item to the incremental result.
   *
   * @throws TaskError `unserializable` when JSON cannot carry the item.
   */
  partial(value: Value): void;
  /**
   * Runs a task within this one, such as the work of a tool call. It has progress, log lines, partial
   * results and an outcome of its own, and stops when this task does. Resolves with what its `execute`
   * returns, and rejects with what that throws.
   *
   * @throws TaskError `key-in-use` while a task with the same `key` runs.
   */
  run: RunNestedTask;
}

/** What `task.run` takes. */
export interface RunNestedTaskOptions<Result, StepName extends string = string> {
  /** Shown on the page. */
  name?: string;
  /** The tool call whose work this task is: the `toolCallId` that a tool's `execute` gets. */
  toolCallId?: string;
  /**
   * Names this task within the one around it, so that it has the same taskId in each attempt at that.
   * If the process is lost meanwhile, the page shows one task that begins anew, and not two.
   */
  key?: string;
  /** Phases by name with their weights, such as `{ prepare: 10, render: 90 }`. */
  steps?: Readonly<Record<StepName, number>>;
  /** Aborts this task, such as a tool's `abortSignal`. A stop of the task around it does, too. */
  abortSignal?: AbortSignal;
  /** The work. `run` resolves with what it returns, and rejects with what it throws. */
  execute: (options: {
    readonly task: TaskReporter<StepName>;
    /** Aborts when the task around it is stopped, or by `abortSignal`. */
    readonly signal: AbortSignal;
  }) => Promise<Result> | Result;
}

/** Runs a task within the one around it. */
export type RunNestedTask = <Result, StepName extends string = string>(
  options: RunNestedTaskOptions<Result, StepName>,
) => Promise<Result>;
