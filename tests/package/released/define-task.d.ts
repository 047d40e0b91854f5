import { StandardSchemaV1 } from '@standard-schema/spec';
import { UIMessage, UIMessageStreamWriter, UIMessageChunk, UIDataTypes } from 'ai';
import { T as TaskTypes } from './task-types.js';
import { a as TaskProgress, o as TaskLogLevel, g as TaskError, e as TaskSettlement } from './task-parts.js';
import { T as TaskStreamContext } from './task-stream-context.js';

/**
 * The interface of contexts of the `resumable-stream` package, version 2.2, from any of its entries.
 * Declared here, so that the package need not be installed.
 */
interface ResumableStreamContext {
    /**
     * Creates the stream, or resumes it when it is in progress. `null`: the stream is over.
     *
     * @param makeStream Called only when there is no such stream yet.
     * @param skipCharacters How much of a stream in progress to leave out, in UTF-16 code units.
     */
    resumableStream: (streamId: string, makeStream: () => ReadableStream<string>, skipCharacters?: number) => Promise<ReadableStream<string> | null>;
    /** Resumes a stream. `null`: the stream is over. `undefined`: there is none. */
    resumeExistingStream: (streamId: string, skipCharacters?: number) => Promise<ReadableStream<string> | null | undefined>;
    /** Creates a stream. `null`: the stream is over. */
    createNewResumableStream: (streamId: string, makeStream: () => ReadableStream<string>, skipCharacters?: number) => Promise<ReadableStream<string> | null>;
    /** `null`: there is no such stream. `true`: it is in progress. `'DONE'`: it is over. */
    hasExistingStream: (streamId: string) => Promise<null | true | 'DONE'>;
}

interface ToUIMessageStreamOptions {
    /** Whether the `start` chunk is passed on. Default true. */
    sendStart?: boolean;
    /** Whether the last chunk (`finish`, `error` or `abort`) is passed on. Default true. */
    sendFinish?: boolean;
}

/** What is needed of Node's `ServerResponse`; raw responses of Express and Fastify have it, too. */
interface NodeResponse {
    statusCode: number;
    readonly destroyed?: boolean;
    readonly writableEnded: boolean;
    /** Set over HTTP/2, where the response has no `destroyed` of its own. */
    readonly stream?: {
        readonly destroyed: boolean;
    };
    /** The request that is answered. */
    readonly req?: {
        readonly method?: string;
    };
    setHeader(name: string, value: string | string[]): unknown;
    flushHeaders?(): void;
    write(chunk: Uint8Array): boolean;
    end(): unknown;
    destroy(): unknown;
    on(event: 'drain' | 'close', listener: () => void): unknown;
    off(event: 'drain' | 'close', listener: () => void): unknown;
    /** Added by the `compression` middleware. */
    flush?(): void;
}

/** Options of a response that streams a task. */
interface TaskResponseInit extends ResponseInit {
    /**
     * `named`: task parts are sent as events with names, such as `task-settle`, for
     * `addEventListener` of `EventSource`. Default: all chunks are `message` events, as AI SDK clients
     * expect.
     */
    events?: 'named';
}

/** How often a task of a definition is attempted again, and after which errors. */
interface TaskRetry {
    /** How many attempts are made in a row without a checkpoint between them. Default 3. */
    attempts?: number;
    /** How many attempts are made in all, so that a task which never gets further ends. Default 100. */
    maxTotal?: number;
    /**
     * How long to wait after an attempt that has failed, in milliseconds; a function gets which one,
     * counted from 1. Default: 1 s, doubled with each attempt up to 30 s, with a random part.
     */
    backoffMs?: number | ((attempt: number) => number);
    /**
     * Whether an attempt that has thrown this error is worth another one, besides those that have thrown
     * a `TaskError` which is `retryable`. Default: no other.
     */
    when?: (error: unknown) => boolean;
}

/** Reports progress of one step. */
interface StepReporter {
    /** Sets how far this step has come. */
    progress(progress: TaskProgress): void;
}
/** Which attempt at a task runs, and where it began. Tasks within it share its checkpoints. */
interface TaskAttempt<Checkpoint = unknown> {
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
interface TaskReporter<StepName extends string = string, Value = unknown, Checkpoint = unknown> extends TaskAttempt<Checkpoint> {
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
    step<Returned>(name: StepName, work: (step: StepReporter) => Promise<Returned> | Returned): Promise<Returned>;
    /** Adds a line to the log; a string is of the level `info`. */
    log(entry: string | {
        level?: TaskLogLevel;
        message: string;
    }): void;
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
interface RunNestedTaskOptions<Result, StepName extends string = string> {
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
type RunNestedTask = <Result, StepName extends string = string>(options: RunNestedTaskOptions<Result, StepName>) => Promise<Result>;

/** Encodes inputs, partial results and results as text, such as superjson does. */
interface TaskTransformer {
    stringify(value: unknown): string;
    parse(text: string): unknown;
}
/** What `execute` gets. */
interface ExecuteOptions<Input, StepName extends string, Value, Message extends UIMessage = UIMessage, Checkpoint = unknown> {
    readonly input: Input;
    /** Reports progress, steps, log lines and partial results, and makes checkpoints. */
    readonly task: TaskReporter<StepName, Value, Checkpoint>;
    /** Takes ordinary AI SDK chunks, by `write` and `merge`. */
    readonly writer: UIMessageStreamWriter<Message>;
    /**
     * Aborts on cancel and when the task was lost (`AbortError`), and at the deadline
     * (`TimeoutError`). The reason's `cause` is a `TaskError` that tells which. Pass the signal on to
     * everything slow.
     */
    readonly signal: AbortSignal;
}
/** What `onSettle` gets: the settlement with the whole result, and of which task it is. */
interface TaskSettleEvent<Result, Message extends UIMessage = UIMessage> extends TaskSettlement<Result> {
    readonly name: string | undefined;
    readonly chatId: string | undefined;
    readonly owner: string | undefined;
    /**
     * Whether this is the outcome that the storage has. `false`: the storage was away at the end, so
     * that only this process knows this outcome, and others may have closed the task with another one.
     */
    readonly isStored: boolean;
    /**
     * Whether the task ran in another process, which was lost before the host had the outcome, or
     * whose `onSettle` failed. Save the message only if no final message has its id: that process may
     * have saved one and been lost before this was noted.
     */
    readonly isRecovered: boolean;
    /**
     * In a chat, the assistant's message as the task has left it, ready to be saved: the message that
     * the task continues, unchanged, and what this process has written, even if a storage has lost some
     * of that. Its id is that of the continued message, else `messageId`, else the taskId; the page uses
     * the same id. Absent when the whole message cannot be built; `onError` is told why.
     */
    readonly message?: Message;
    /** `originalMessages`, if given, and `message` at the end, in place of the message it continues. */
    readonly messages?: Message[];
}
/** Everything about a task but its input and its work. */
interface TaskSettings<Result = unknown, Message extends UIMessage = UIMessage> {
    /** Shown on the page and kept with the record. */
    name?: string;
    /**
     * Where the log lives. Default: the memory of this process. A context of the `resumable-stream`
     * package is live only: once the task is over, readers get 204.
     */
    streamContext?: TaskStreamContext | ResumableStreamContext;
    /**
     * What to do while the storage is away: `refuse` the task (503, `execute` does not run), or `run`
     * it all the same, visible to its first response only. Default `refuse`.
     */
    whenUnavailable?: 'refuse' | 'run';
    /** Keeps a serverless instance alive until the task is done, such as Next.js' `after`. */
    waitUntil?: (promise: Promise<unknown>) => void;
    /** The interval of a response's heartbeats, in milliseconds. Default 5,000. */
    heartbeatMs?: number;
    /** After how many milliseconds the task fails with the code `timeout`. Default: no deadline. */
    deadlineMs?: number;
    /** How long `execute` may go on after a cancel or the deadline, in milliseconds. Default 5,000. */
    graceMs?: number;
    /** The least time between two progress snapshots, in milliseconds. Default 100. */
    progressIntervalMs?: number;
    /** Cancels the task when the client of its first response leaves. Default false. */
    cancelOnDisconnect?: boolean;
    /** Whether the result is sent in a chat, too, where each later turn uploads it again. Default false. */
    sendResult?: boolean;
    /** Encodes partial results and the result. Default: they are sent as JSON makes of them. */
    transformer?: Pick<TaskTransformer, 'stringify'>;
    /** Says what a client may know of an error; `undefined` masks it. Default: errors are masked. */
    toTaskError?: (error: unknown) => TaskError | undefined;
    /** Gets every error as it was thrown. Default: `console.error`. */
    onError?: (error: unknown, context: {
        taskId: string;
    }) => void;
    /**
     * Called once in this process, after the outcome is stored. It is awaited, for 30 s at most, before
     * the chat's active task is cleared. Until it has returned the task counts as unsaved: if this
     * process is lost meanwhile, or `onSettle` throws, `resumeTask({ onSettle })` makes up for it.
     *
     * The turns of a chat are saved in their order: `onSettle` is called once that of each task which
     * this one superseded has returned or failed, or the process of that task is lost; `graceMs` + 30 s
     * later at most.
     */
    onSettle?: (event: TaskSettleEvent<Result, Message>) => Promise<void> | void;
}
/** Options of `streamTask`. */
interface StreamTaskOptions<Input, Result, Steps extends Record<string, number>, Value, Message extends UIMessage = UIMessage> extends TaskSettings<Result, Message> {
    /** The work. What it returns is the task's result. */
    execute: (options: ExecuteOptions<Input, keyof Steps & string, Value, Message>) => Promise<Result> | Result;
    /** Handed to `execute`. */
    input?: Input;
    /** No other process could run this work again. Use `defineTask({ retry })`. */
    retry?: never;
    /**
     * Names the task: 16 to 128 characters of `A-Za-z0-9_-`. If a task of that name exists, it is
     * joined, and `execute` does not run. Default: a random name.
     */
    taskId?: string;
    /** Phases by name with their weights, such as `{ prepare: 10, render: 90 }`. */
    steps?: Steps;
    /** Who may follow and cancel the task. Default: whoever knows the taskId. */
    owner?: string;
    /** Makes the task the chat's active one; a task that is running is cancelled as `superseded`. */
    chatId?: string;
    /** Lets a chat have several tasks at once. Default false. */
    concurrent?: boolean;
    /**
     * The chat's messages; when the last one is the assistant's, the task continues it. Their type also
     * determines which chunks `writer` takes, and which messages `onSettle` gets.
     */
    originalMessages?: readonly Message[];
    /**
     * The `trigger` in the body of a request of `useChat`. With `regenerate-message` an answer is
     * written anew, so the task continues no message, even if the last one is the assistant's.
     */
    trigger?: string;
    /** Id of the assistant's message, for the page and `onSettle` alike. Default in a chat: the taskId. */
    messageId?: string;
    /** Cancels the task when this signal aborts. */
    abortSignal?: AbortSignal;
}

/** A task that `streamTask` started or joined. */
interface StreamedTask<Result = unknown> {
    readonly taskId: string;
    /**
     * What `execute` returned. Rejects with a `TaskError` when the task failed, was cancelled or
     * refused; nobody has to handle that rejection.
     */
    readonly result: Promise<Result>;
    /**
     * Asks the task to stop, for a reason that is cut to 1,000 characters. Resolves with `false` when
     * the task is over already.
     */
    cancel(reason?: string): Promise<boolean>;
    /**
     * A response that streams the task. Resolves once the task is claimed: with 200, or with 204 for a
     * task that was joined and of which nothing is left to read. Errors have the body
     * `{ error: { code, message } }`: 400 for a bad taskId, 404 when the taskId is somebody else's, 503
     * when the storage is away.
     */
    toResponse(init?: TaskResponseInit): Promise<Response>;
    /**
     * The task as AI SDK chunks, for `writer.merge` of another stream. When the task is attempted again,
     * parts that the attempt before has left open are ended, and what it did after its last checkpoint
     * stays in the stream: nothing can be taken back here.
     */
    toUIMessageStream(options?: ToUIMessageStreamOptions): ReadableStream<UIMessageChunk>;
    /** Sends what `toResponse` would over a Node response; resolves when it has ended. */
    pipeToResponse(response: NodeResponse, init?: TaskResponseInit): Promise<void>;
    /** Resolves with the outcome, without reading the stream. Rejects when the task was refused. */
    consume(): Promise<TaskSettlement<Result>>;
}
/**
 * Runs slow work that outlives its connection, and streams it as an AI SDK UI message stream.
 * The task starts at once, whether or not a response is ever asked for.
 *
 * @throws TaskError `invalid-options`.
 */
declare function streamTask<Result, Input = undefined, Steps extends Record<string, number> = Record<string, number>, Value = unknown, Message extends UIMessage = UIMessage>(options: StreamTaskOptions<Input, Result, Steps, Value, Message>): StreamedTask<Result>;

/** The route's parameters, where the host has them. */
type Params = Readonly<Record<string, string | string[] | undefined>>;
/** What `execute` of a defined task gets. */
interface DefinedExecuteOptions<Input, StepName extends string, Value, Data extends UIDataTypes = UIDataTypes, Checkpoint = unknown, Context = unknown, Retry extends TaskRetry | undefined = undefined> extends Omit<ExecuteOptions<Input, StepName, Value, UIMessage, Checkpoint>, 'writer'> {
    /** Takes ordinary AI SDK chunks, by `write` and `merge`. */
    readonly writer: UIMessageStreamWriter<UIMessage<unknown, Data>>;
    /** What the definition's `context` has given at the start, in each attempt. */
    readonly context: Context;
    /**
     * The request that started the task; its body has been read. `undefined` when the definition's
     * `start` was called without a `request`, and with `retry`, because a later attempt has none: take
     * what the work needs of it into the `context`.
     */
    readonly request: [Retry] extends [undefined] ? Request | undefined : undefined;
    /** The route's parameters, where the host has them; else, and with `retry`, empty. */
    readonly params: Params;
}
/** The chat that a task is of. */
interface TaskChat {
    /** Makes the task the chat's active one; a task that is running is cancelled as `superseded`. */
    chatId: string;
    /** Id of the assistant's message, for the page and `onSettle` alike. Default: the taskId. */
    messageId?: string;
    /** The chat's messages; when the last one is the assistant's, the task continues it. */
    originalMessages?: readonly UIMessage[];
    /** With `regenerate-message` the task continues no message. */
    trigger?: string;
}
interface DefineTaskOptions<Schema extends StandardSchemaV1 | undefined, Result, Steps extends Record<string, number>, Value, Data extends UIDataTypes = UIDataTypes, Checkpoint = unknown, Context = unknown, Retry extends TaskRetry | undefined = undefined> extends Omit<TaskSettings<Result>, 'streamContext' | 'transformer' | 'waitUntil' | 'whenUnavailable'> {
    /**
     * Names the task on the page and in records. A route serves tasks of its definition's name only, so
     * tasks for different people need different names, and no two definitions may share one.
     */
    name: string;
    /**
     * Lets a task whose process is lost, or whose work fails with a retryable error, be attempted again,
     * also by other processes, from its newest checkpoint on: `{}` for three attempts. What the work does
     * is done at least once then, so give it an idempotency key, such as `${task.taskId}:${step}`. Needs
     * a `streamContext` that can do that: Redis, or the memory of this process. Default: a task whose
     * process is lost has failed.
     */
    retry?: Retry;
    /**
     * The version of the definition, 1 or more. Raise it when stored inputs, contexts or checkpoints of
     * older tasks need another handling: processes that have an older version leave newer tasks alone.
     * Default 1.
     */
    version?: number;
    /** Checks the input of a request; any Standard Schema. Default: the input is passed as it came. */
    input?: Schema;
    /**
     * Tells what else the work needs, of the request that starts the task: anything that JSON can carry.
     * Asked once; with `retry` it is stored until the task has settled. What it throws refuses the task.
     */
    context?: (options: {
        request: Request | undefined;
        params: Params;
    }) => Promise<Context> | Context;
    /**
     * Makes the task a chat's. Asked in each attempt, so it may load the messages. What it throws refuses
     * the task. The options of `start` win.
     */
    chat?: (options: {
        input: OutputOf<Schema>;
        context: Context;
    }) => Promise<TaskChat> | TaskChat;
    /**
     * Gives one item of the incremental result its type, for `task.partial` and on the page. The
     * schema is not run, because the server itself makes these values.
     */
    partial?: StandardSchemaV1<unknown, Value>;
    /**
     * Gives the value of a checkpoint its type, for `task.checkpoint` and `task.lastCheckpoint`. The
     * schema is not run. Default: anything.
     */
    checkpoint?: StandardSchemaV1<unknown, Checkpoint>;
    /**
     * Gives the data parts that the work writes their types, by their names without `data-`. The
     * schemas are not run. Default: any name, any data.
     */
    dataPartSchemas?: {
        readonly [Name in keyof Data]: StandardSchemaV1<unknown, Data[Name]>;
    };
    /** Phases by name with their weights. */
    steps?: Steps;
    /**
     * Decodes inputs, and encodes partial results, checkpoints and the result, for values that JSON
     * cannot carry. Without `parse` it only encodes partial results and the result.
     */
    transformer?: Pick<TaskTransformer, 'stringify'> & Partial<TaskTransformer>;
    /**
     * How long an attempt at a task with `retry` may run, in milliseconds, for hosts that stop an
     * invocation after a time: choose it a little shorter than that. `signal` aborts `graceMs` before
     * (half of the time before, if that is less), and then the task is handed over, to go on from its
     * newest checkpoint in the process that takes it up. An attempt that has made no checkpoint counts, so
     * that a task of which one step takes longer ends as failed. Default: any time.
     */
    maxRunMs?: number;
    /**
     * How long a task with `retry` may wait for a process that takes it up, each time, in milliseconds.
     * Default 86,400,000 (24 h).
     */
    maxWaitMs?: number;
    /** The largest value of a checkpoint, in bytes of its JSON. Default 1,048,576 (1 MiB). */
    maxCheckpointBytes?: number;
    /**
     * How much the input and the context may take together that are stored with `retry`, in bytes of
     * their JSON. Default 1,048,576 (1 MiB).
     */
    maxStoredBytes?: number;
    /** The work. What it returns is the task's result. */
    execute: (options: DefinedExecuteOptions<OutputOf<Schema>, keyof Steps & string, Value, Data, Checkpoint, Context, Retry>) => Promise<Result> | Result;
}
/** What `execute` gets as its input. */
type OutputOf<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : unknown;
type InputOf<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferInput<Schema> : unknown;
/** Options of a definition's `start`; they win over those of the definition. */
interface StartDefinedTaskOptions<Result = unknown> extends Omit<StreamTaskOptions<never, Result, never, never>, 'name' | 'execute' | 'input' | 'retry' | 'steps'> {
    /** Handed to `execute`, where the code that starts the task has a request. */
    request?: Request;
    /** Handed to `execute`. Default: empty. */
    params?: Params;
}
/** What a definition's `start` takes. A task that can do without input needs none to be given. */
type StartDefinedTaskArguments<Input, Result = unknown> = undefined extends Input ? [input?: Input, options?: StartDefinedTaskOptions<Result>] : [input: Input, options?: StartDefinedTaskOptions<Result>];
/** A task that a route can serve, and whose types the page can infer. */
interface TaskDefinition<Schema extends StandardSchemaV1 | undefined, Result, Steps extends Record<string, number>, Value, Data extends UIDataTypes = UIDataTypes, Checkpoint = unknown, Context = unknown, Retry extends TaskRetry | undefined = TaskRetry | undefined> extends TaskTypes<InputOf<Schema>, Result, Value, keyof Steps & string> {
    readonly options: DefineTaskOptions<Schema, Result, Steps, Value, Data, Checkpoint, Context, Retry>;
    /**
     * Starts the task from server code (a cron job, a server action, a queue), or joins the task that
     * has the same `taskId`. The input is as the page would give it, and checked likewise: an input
     * that does not fit starts nothing, and `result` rejects with `invalid-input`. Routes of this
     * definition with the same `streamContext` and `owner` serve the task.
     *
     * @throws TaskError `invalid-options`.
     */
    start(...given: StartDefinedTaskArguments<InputOf<Schema>, Result>): StreamedTask<Result>;
}
/**
 * Describes a task once: its input, its steps and its work. Serve it with `createTaskRoute`, and
 * show it with `useTaskStream<typeof task>`.
 *
 * @throws TaskError `invalid-options`.
 */
declare function defineTask<Schema extends StandardSchemaV1 | undefined = undefined, Result = unknown, Steps extends Record<string, number> = Record<string, number>, Value = unknown, Data extends UIDataTypes = UIDataTypes, Checkpoint = unknown, Context = undefined>(options: DefineTaskOptions<Schema, Result, Steps, Value, Data, Checkpoint, Context, TaskRetry> & {
    retry: TaskRetry;
}): TaskDefinition<Schema, Result, Steps, Value, Data, Checkpoint, Context, TaskRetry>;
declare function defineTask<Schema extends StandardSchemaV1 | undefined = undefined, Result = unknown, Steps extends Record<string, number> = Record<string, number>, Value = unknown, Data extends UIDataTypes = UIDataTypes, Checkpoint = unknown, Context = undefined>(options: DefineTaskOptions<Schema, Result, Steps, Value, Data, Checkpoint, Context, undefined>): TaskDefinition<Schema, Result, Steps, Value, Data, Checkpoint, Context, undefined>;

export { type DefineTaskOptions as D, type ExecuteOptions as E, type NodeResponse as N, type ResumableStreamContext as R, type StartDefinedTaskOptions as S, type TaskTransformer as T, type StreamedTask as a, type TaskRetry as b, type TaskChat as c, type TaskSettleEvent as d, type TaskResponseInit as e, type TaskSettings as f, type TaskDefinition as g, type DefinedExecuteOptions as h, type RunNestedTask as i, type RunNestedTaskOptions as j, type StartDefinedTaskArguments as k, type StepReporter as l, type StreamTaskOptions as m, type TaskAttempt as n, type TaskReporter as o, type ToUIMessageStreamOptions as p, defineTask as q, streamTask as s };
