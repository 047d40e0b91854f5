import type { UIMessage } from 'ai';
import type { TaskCancel } from '../task-cancel';
import type { TaskClientOptions } from '../task-client-options';
import type {
  ResumeTaskOptions,
  StartTaskArguments,
  TaskEnd,
  TaskStreamOptions,
  TaskStreamState,
  TaskTransformer,
} from '../task-stream-types';

/** Options of `useTaskStream`. Callbacks and request options may change with each render. */
export interface UseTaskStreamOptions<Result = unknown, Value = unknown>
  extends TaskStreamOptions<Result, Value> {
  /** Names the task that `start` starts and `resume` follows. Default: a fresh one per `start`. */
  taskId?: string | undefined;
  /**
   * Follow a task again when the component mounts: the given one, or with `true` the one that
   * `taskId` names, else the one that this tab started last. A task that the server does not know
   * any more is forgotten silently. Default false.
   */
  resume?: boolean | string | undefined;
  /**
   * Key in `sessionStorage` for the taskId, which is kept there when this key is given or `resume`
   * is true, until `reset` or the next `start`. Default `ai-task-stream:` and the `api`; of several
   * hooks that resume by the same `api`, the later to mount get a number besides.
   */
  storageKey?: string | undefined;
  /** The least time between two renders, in milliseconds. Default: once per frame. */
  throttleMs?: number | undefined;
}

/** What `useTaskStream` returns: the state, and functions that stay the same across renders. */
export interface UseTaskStreamResult<
  Input = unknown,
  Result = unknown,
  Value = unknown,
  StepName extends string = string,
> extends TaskStreamState<Result, Value, StepName> {
  /**
   * Starts a task and follows it, leaving a former one. Resolves with the settlement, or with
   * status `unsettled` when the page left, the server refused or the client gave up. Never rejects.
   */
  readonly start: (...given: StartTaskArguments<Input>) => Promise<TaskEnd<Result>>;
  /**
   * Asks the server to stop the task; resolves with whether the server took the request. May be
   * used as an event handler as it is.
   */
  readonly cancel: TaskCancel;
  /** Stops following; the task goes on. */
  readonly detach: () => void;
  /**
   * Follows a task that was started before; by default the one that was left, else the one that
   * `taskId` names, else the one that this tab keeps. Resolves with `undefined` when there is none.
   */
  readonly resume: (
    taskId?: string,
    options?: ResumeTaskOptions,
  ) => Promise<TaskEnd<Result> | undefined>;
  /** Detaches, forgets the task, and returns to the initial state. */
  readonly reset: () => void;
}

/** Options of `useTaskStream` for a task inside a message of `useChat`. */
export interface UseMessageTaskOptions extends Partial<TaskClientOptions> {
  /** The message. Its parts hold the task's snapshot, error and outcome, also after a reload. */
  message: UIMessage;
  /**
   * Which of the message's tasks to show; it may have run within another. Default: the newest that
   * ran within no other.
   */
  taskId?: string | undefined;
  /**
   * Where `cancel` sends its request, such as the address that the chat reconnects to. Default: the
   * address that `TaskChatTransport` uses, if this page follows the task with such a transport.
   */
  api?: string | undefined;
  /** What the server encodes partial results and the result with. Default: plain JSON. */
  transformer?: TaskTransformer | undefined;
  /** The least time between two renders for what comes, in milliseconds. Default: once per frame. */
  throttleMs?: number | undefined;
}

/**
 * What `useTaskStream` returns for a message. Messages hold no logs and no partial results: those
 * are the ones that this page received through a `TaskChatTransport`. `isActive` tells that the
 * task has not settled as far as this page knows, and that the page has not left it.
 */
export interface UseMessageTaskResult<
  Result = unknown,
  Value = unknown,
  StepName extends string = string,
> extends TaskStreamState<Result, Value, StepName> {
  /**
   * Asks the server to stop the task; resolves with whether the server took the request. May be
   * used as an event handler as it is.
   */
  readonly cancel: TaskCancel;
}
