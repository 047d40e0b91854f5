import { UIMessage } from 'ai';
import { e as TaskSettlement, g as TaskError, c as TaskLogData, T as TaskStatus, d as TaskErrorData } from './task-parts.js';
import { T as TaskState } from './task-state.js';

/** Asks the server to stop a task. Never rejects. */
interface TaskCancel {
    /**
     * @param reason Told to everybody who follows the task.
     * @returns Whether the server took the request.
     */
    (reason?: string): Promise<boolean>;
    /** As a component's event handler, such as `onClick`: the event is not taken for a reason. */
    (event?: object): Promise<void>;
}

/** How often, how fast and how long a cut stream is requested again. */
interface ReconnectOptions {
    /**
     * Longest delay before the first new attempt, in milliseconds; doubled with each further attempt.
     * Default 250.
     */
    initialDelayMs?: number;
    /**
     * Upper bound of the delay, in milliseconds; six times as much while the page is hidden. The
     * actual delay is random between 0 and the bound. A delay that the server asks for (`Retry-After`)
     * comes on top; the bound is then at least as long. An offline page waits until it is online.
     * Default 10 000.
     */
    maxDelayMs?: number;
    /**
     * Attempts without progress before giving up. A new frame, or a heartbeat of the producer, is
     * progress. Attempts made while the page is offline or hidden do not count. Default: as many as
     * there is time for.
     */
    maxAttempts?: number;
    /**
     * Milliseconds of attempts without progress, and of the delays between them, before giving up.
     * Time that the page is offline or hidden does not count. Default 300 000.
     */
    maxElapsedMs?: number;
}
/** Request headers, or a function that makes them, which is asked anew for each attempt. */
type TaskRequestHeaders = HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
/** How a stream is followed, however it is requested. */
interface FollowOptions {
    /** How often, how fast and how long to try again. */
    reconnect?: ReconnectOptions | undefined;
    /**
     * Milliseconds without a byte after which the connection counts as stalled and is replaced;
     * `Infinity` is never. Default: three times the interval that the heartbeats announce (5000
     * before the first one).
     */
    stallTimeoutMs?: number | undefined;
    /** Random numbers from 0 up to 1, for the jitter. Default `Math.random`. */
    random?: (() => number) | undefined;
}
/** How to reach the server. */
interface TaskClientOptions extends FollowOptions {
    /** Address of the task's route, relative or absolute; it may have a query of its own. */
    api: string;
    /** Headers of each request; a function is asked anew for each attempt and may be async. */
    headers?: TaskRequestHeaders | undefined;
    /** The `credentials` of each request, as in `fetch`. */
    credentials?: RequestCredentials | undefined;
    /** Default: `globalThis.fetch`, looked up at each request. In React Native: `expo/fetch`. */
    fetch?: typeof globalThis.fetch | undefined;
}

/** State of the connection, which says nothing about the state of the task. */
type TaskConnection = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed';
/**
 * Where a task stands for a page: `idle` before there is a task, `unsettled` when the page stopped
 * following it because of an error, and does not know its outcome.
 */
type TaskStreamStatus = 'idle' | TaskStatus | 'unsettled';
/** The page stopped following before the task had an outcome; the task itself may go on. */
interface UnsettledTask {
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
type TaskEnd<Result = unknown> = TaskSettlement<Result> | UnsettledTask;
/** Everything that a page may want to show of a task. */
interface TaskStreamState<Result = unknown, Value = unknown, StepName extends string = string> extends Omit<TaskState<Result, Value, StepName>, 'status'> {
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
interface TaskTransformer {
    stringify(value: unknown): string;
    parse(text: string): unknown;
}
/** Options of `createTaskStream`. */
interface TaskStreamOptions<Result = unknown, Value = unknown> extends TaskClientOptions {
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
interface StartTaskOptions {
    /** Names the task: 16 to 128 characters of `A-Za-z0-9_-`. Default: a fresh unguessable id. */
    taskId?: string | undefined;
}
/** What `start` takes. A task that can do without input needs none to be given. */
type StartTaskArguments<Input> = undefined extends Input ? [input?: Input, options?: StartTaskOptions] : [input: Input, options?: StartTaskOptions];
/** Options of `resume`. */
interface ResumeTaskOptions {
    /** Go on after this cursor. Default: after what the store has of the task, else the start. */
    cursor?: string | undefined;
    /** When the server does not know the task (404), return to the initial state without an error. */
    ifPresent?: boolean | undefined;
}
/** A store that starts a task, follows it, and holds what is known of it. */
interface TaskStream<Input = unknown, Result = unknown, Value = unknown, StepName extends string = string> {
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

export type { FollowOptions as F, ResumeTaskOptions as R, StartTaskArguments as S, TaskClientOptions as T, UnsettledTask as U, TaskTransformer as a, TaskStreamState as b, TaskCancel as c, TaskStreamOptions as d, TaskEnd as e, ReconnectOptions as f, StartTaskOptions as g, TaskConnection as h, TaskRequestHeaders as i, TaskStreamStatus as j, TaskStream as k };
