import type {
  ResumeTaskOptions,
  StartTaskOptions,
  TaskEnd,
  TaskStreamOptions,
  TaskStreamState,
} from '../task-stream-types';

/** Options of `useTaskStream`. Callbacks and request options may change with each render. */
export interface UseTaskStreamOptions<Result = unknown, Value = unknown>
  extends TaskStreamOptions<Result, Value> {
  /** Names the task that `start` starts and `resume` follows. Default: a fresh one per `start`. */
  taskId?: string | undefined;
  /**
   * Follow a task again when the component mounts: the given one, or with `true` the one that
   * `taskId` names, else the one that this tab started last. One that the server does not know
   * any more is forgotten silently. Default false.
   */
  resume?: boolean | string | undefined;
  /**
   * Key in `sessionStorage` for the taskId, which is kept there when this is given or `resume` is
   * true, until `reset` or the next `start`. Default `ai-task-stream:` and the `api`.
   */
  storageKey?: string | undefined;
  /** Render at most once in so many milliseconds. Default: once per frame. */
  throttleMs?: number | undefined;
}

/** What `useTaskStream` returns: the state, and functions that stay the same across renders. */
export interface UseTaskStreamResult<Input = unknown, Result = unknown, Value = unknown>
  extends TaskStreamState<Result, Value> {
  /**
   * Starts a task and follows it, leaving a former one. Resolves with the settlement, or with
   * status `unsettled` when the page left, the server refused or the client gave up. Never rejects.
   */
  readonly start: (input: Input, options?: StartTaskOptions) => Promise<TaskEnd<Result>>;
  /** Asks the server to stop the task; resolves with whether it took the request. */
  readonly cancel: (reason?: string) => Promise<boolean>;
  /** Stops following; the task goes on. */
  readonly detach: () => void;
  /**
   * Follows a task that was started before; by default the one that was left, else the one that
   * `taskId` names, else the one that this tab keeps. `undefined` when there is none.
   */
  readonly resume: (
    taskId?: string,
    options?: ResumeTaskOptions,
  ) => Promise<TaskEnd<Result> | undefined>;
  /** Detaches, forgets the task, and returns to the initial state. */
  readonly reset: () => void;
}
