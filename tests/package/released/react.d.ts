import { T as TaskClientOptions, a as TaskTransformer, b as TaskStreamState, c as TaskCancel, d as TaskStreamOptions, S as StartTaskArguments, e as TaskEnd, R as ResumeTaskOptions } from './task-stream-types.js';
export { F as FollowOptions, f as ReconnectOptions, g as StartTaskOptions, h as TaskConnection, i as TaskRequestHeaders, j as TaskStreamStatus, U as UnsettledTask } from './task-stream-types.js';
import { I as InferTaskResult, a as InferTaskPartial, b as InferTaskStep, J as Jsonified, c as InferTaskInput } from './task-types.js';
import { UIMessage } from 'ai';
import './task-parts.js';
import './task-state.js';

/** Options of `useTaskStream`. Callbacks and request options may change with each render. */
interface UseTaskStreamOptions<Result = unknown, Value = unknown> extends TaskStreamOptions<Result, Value> {
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
interface UseTaskStreamResult<Input = unknown, Result = unknown, Value = unknown, StepName extends string = string> extends TaskStreamState<Result, Value, StepName> {
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
    readonly resume: (taskId?: string, options?: ResumeTaskOptions) => Promise<TaskEnd<Result> | undefined>;
    /** Detaches, forgets the task, and returns to the initial state. */
    readonly reset: () => void;
}
/** Options of `useTaskStream` for a task inside a message of `useChat`. */
interface UseMessageTaskOptions extends Partial<TaskClientOptions> {
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
interface UseMessageTaskResult<Result = unknown, Value = unknown, StepName extends string = string> extends TaskStreamState<Result, Value, StepName> {
    /**
     * Asks the server to stop the task; resolves with whether the server took the request. May be
     * used as an event handler as it is.
     */
    readonly cancel: TaskCancel;
}

/**
 * Shows a task inside a message of `useChat`: its snapshot and outcome from the message, its logs
 * and partial results from the chunks that `TaskChatTransport` received.
 */
declare function useTaskStream<Task = unknown>(options: UseMessageTaskOptions & {
    transformer: TaskTransformer;
}): UseMessageTaskResult<InferTaskResult<Task>, InferTaskPartial<Task>, InferTaskStep<Task>>;
declare function useTaskStream<Task = unknown>(options: UseMessageTaskOptions): UseMessageTaskResult<Jsonified<InferTaskResult<Task>>, Jsonified<InferTaskPartial<Task>>, InferTaskStep<Task>>;
/**
 * Starts a task from a component and shows it while it goes. Give it the task's type,
 * `useTaskStream<typeof generateImage>(…)`, to have input, result, partial results and steps typed;
 * without a transformer they are what JSON makes of them. When the component unmounts it leaves
 * the task, which goes on.
 */
declare function useTaskStream<Task = unknown>(options: UseTaskStreamOptions<InferTaskResult<Task>, InferTaskPartial<Task>> & {
    transformer: TaskTransformer;
}): UseTaskStreamResult<InferTaskInput<Task>, InferTaskResult<Task>, InferTaskPartial<Task>, InferTaskStep<Task>>;
declare function useTaskStream<Task = unknown>(options: UseTaskStreamOptions<Jsonified<InferTaskResult<Task>>, Jsonified<InferTaskPartial<Task>>>): UseTaskStreamResult<InferTaskInput<Task>, Jsonified<InferTaskResult<Task>>, Jsonified<InferTaskPartial<Task>>, InferTaskStep<Task>>;

export { ResumeTaskOptions, StartTaskArguments, TaskCancel, TaskClientOptions, TaskEnd, TaskStreamState, TaskTransformer, type UseMessageTaskOptions, type UseMessageTaskResult, type UseTaskStreamOptions, type UseTaskStreamResult, useTaskStream };
