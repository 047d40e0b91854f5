import type { TaskLogLevel, TaskProgress } from '../../protocol/task-parts';

/** Reports progress of one step. */
export interface StepReporter {
  /** Sets how far this step has come. */
  progress(progress: TaskProgress): void;
}

/** What `execute` reports with, as `task`. */
export interface TaskReporter<StepName extends string = string, Value = unknown> {
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
   */
  run: RunNestedTask;
}

/** What `task.run` takes. */
export interface RunNestedTaskOptions<Result, StepName extends string = string> {
  /** Shown on the page. */
  name?: string;
  /** The tool call whose work this task is: the `toolCallId` that a tool's `execute` gets. */
  toolCallId?: string;
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
