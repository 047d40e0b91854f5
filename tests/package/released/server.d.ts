import { T as TaskStreamContext, D as DrainOptions, A as AttemptStart, a as DrainControl, C as Cursor, R as ReadTaskOptions, b as TaskReader } from './task-stream-context.js';
export { c as CancelOptions, d as Draining, e as DueTask, f as DueTasksOptions, F as FrameRange, H as HandOverAnswer, g as HandOverOptions, L as LeavingResponse, O as OpenTaskOptions, h as OutcomeClaim, i as OutcomeClaiming, S as SettleTaskOptions, j as StoredWork, k as TakeTaskOptions, l as TakenTask, m as TaskLog, n as TaskRecord } from './task-stream-context.js';
import { R as ResumableStreamContext, D as DefineTaskOptions, b as TaskRetry, c as TaskChat, d as TaskSettleEvent, e as TaskResponseInit, N as NodeResponse, f as TaskSettings, T as TaskTransformer, g as TaskDefinition } from './define-task.js';
export { h as DefinedExecuteOptions, E as ExecuteOptions, i as RunNestedTask, j as RunNestedTaskOptions, k as StartDefinedTaskArguments, S as StartDefinedTaskOptions, l as StepReporter, m as StreamTaskOptions, a as StreamedTask, n as TaskAttempt, o as TaskReporter, p as ToUIMessageStreamOptions, q as defineTask, s as streamTask } from './define-task.js';
import { UIMessage, UIDataTypes, ToolSet } from 'ai';
import { StandardSchemaV1 } from '@standard-schema/spec';
import { p as TaskOutcome, g as TaskError } from './task-parts.js';
import './task-types.js';

interface CancelTaskOptions {
    /** The task to stop. */
    taskId?: string;
    /** The chat whose active task to stop; ignored when `taskId` is given. */
    chatId?: string;
    /** Where the log lives. Default: the memory of this process. */
    streamContext?: TaskStreamContext | ResumableStreamContext;
    /** Must be the owner that the task was started with. */
    owner?: string;
    /**
     * Told to readers, as the message of the settlement's error. Cut to 1,000 characters, because
     * the reason may be a stranger's.
     */
    reason?: string;
}
/**
 * Asks a task to stop, on whichever instance it runs. For a `taskId` that is not open yet the request
 * is kept for 60 s. Resolves with `false` when the task is over already or somebody else's, or when
 * the chat has no active task.
 *
 * @throws TaskError `invalid-task-id`; `invalid-options` or `invalid-body` for an owner or a chat that
 * is no well-formed string; `context-unavailable` while the storage is away.
 */
declare function cancelTask({ taskId, chatId, streamContext: givenContext, owner, reason, }: CancelTaskOptions): Promise<boolean>;

/** What a page wants of a chat: an answer to a message, or another answer than it has. */
type ChatTrigger = 'submit-message' | 'regenerate-message';
/**
 * One turn of a chat: what a page has sent, reduced to what counts. It is plain JSON, is stored as
 * the input of the turn's task, and never has the history in it: what the turn makes of a chat is
 * computed from that and the stored messages, in each attempt anew.
 */
interface ChatTurn<Message extends UIMessage = UIMessage> {
    chatId: string;
    trigger: ChatTrigger;
    /**
     * The question: a message of a person. Or an assistant's message that goes on, of which only outputs
     * of client tools and answers to approvals count. Absent when an answer is written anew.
     */
    message?: Message;
    /** The message that is edited or goes on; with `regenerate-message`, the answer that is written anew. */
    messageId?: string;
    /**
     * The last message that stays before the answer; `null` when the answer is the first message of
     * the chat. `applyTurn` fills it in.
     */
    afterId?: string | null;
    /** The first message that the turn removes, if it removes any. `applyTurn` fills it in. */
    goneId?: string;
    /** The id that a new message of the assistant gets. */
    answerId: string;
    /** What else the body of the request has, as it came. */
    body?: Readonly<Record<string, unknown>>;
}
/** What has to be written to a table that has a row for each message. */
interface ChatChanges<Message extends UIMessage = UIMessage> {
    /** Messages that are new, have changed, or stand in another place than before. */
    readonly changed: readonly Message[];
    /** Ids of messages to delete. Delete them first. */
    readonly removed: readonly string[];
}
/** What a turn makes of a chat before its answer is there. */
interface AppliedTurn<Message extends UIMessage = UIMessage> extends ChatChanges<Message> {
    /** The messages up to the question, or up to the message that goes on: the history of the answer. */
    readonly messages: Message[];
    /** What stays behind, when a message goes on that is not the last one, or an answer is there already. */
    readonly after: Message[];
    /** The turn with `afterId` and `goneId`, and of an assistant's message only what was taken. */
    readonly turn: ChatTurn<Message>;
    /** Whether the answer of this turn stands behind its question already. */
    readonly isAnswered: boolean;
}
/** What a page may send in a message, and what may be in messages at all. */
interface ChatSchemas<Metadata = unknown, Data extends UIDataTypes = UIDataTypes, Tools extends ToolSet = ToolSet> {
    /** The tools of the chat. Those without `execute` are run by the page, which sends their outputs. */
    tools?: Tools;
    /** The chat's own data parts, by their names without `data-`. */
    dataPartSchemas?: {
        readonly [Name in keyof Data]: StandardSchemaV1<unknown, Data[Name]>;
    };
    /** The metadata of all messages. */
    messageMetadataSchema?: StandardSchemaV1<unknown, Metadata>;
}

/**
 * What a turn makes of a chat before its answer is there: the question is added, or takes the place of
 * the one that is edited; the answer that is to be written anew goes, with all that follows; outputs
 * of client tools and answers to approvals are put into the message that goes on. Changes nothing of
 * what it is given, and makes the same of a chat to which the turn was applied already.
 *
 * @throws TaskError `invalid-message` when the turn does not fit the chat.
 */
declare function applyTurn<Message extends UIMessage>(stored: readonly Message[], turn: ChatTurn<Message>, { tools }?: {
    tools?: ToolSet;
}): Promise<AppliedTurn<Message>>;

/**
 * What has to be written to a table with a row for each message, so that it holds `after` in place
 * of `before`. Messages that a turn does not touch cost no comparison of their contents.
 */
declare function changesBetween<Message extends UIMessage>(before: readonly Message[], after: readonly Message[]): ChatChanges<Message>;

/** What a page has sent for a turn. Its message is not checked yet: that is `checkMessage`. */
interface ChatBody extends Omit<ChatTurn, 'answerId' | 'message' | 'goneId' | 'body'> {
    /** The name of the turn's task, if the page has made one. */
    taskId?: string;
    /** The message that counts, as it came. */
    message?: unknown;
    /** What else the body has, as it came. */
    body: Record<string, unknown>;
}
/**
 * Checks what else the body has.
 *
 * @returns What the schema makes of it; without a schema, the fields as they came.
 * @throws TaskError `invalid-body`, with the schema's issues as `details`.
 */
declare function readBodyFields(fields: Readonly<Record<string, unknown>>, schema: StandardSchemaV1 | undefined): Promise<unknown>;
/**
 * Reads the body of a request for a turn: that of `TaskChatTransport`, or of the AI SDK's
 * `DefaultChatTransport`, which sends the whole history. One message of that counts.
 *
 * @throws TaskError `invalid-body`, `invalid-chat-id` or `invalid-task-id`.
 */
declare function readChatBody(json: unknown): ChatBody;

/**
 * Checks the message that a page has sent, and reduces it to what a page may say.
 *
 * Of a person's message these are texts, files, data parts that have a schema, and metadata. Of an
 * assistant's message it is what `applyTurn` needs in order to take outputs of client tools and
 * answers to approvals from it. There are no messages of the role `system`: instructions are the
 * server's.
 *
 * @throws TaskError `invalid-message`.
 */
declare function checkMessage<Message extends UIMessage = UIMessage>(message: unknown, schemas?: ChatSchemas): Promise<Message>;

/**
 * Makes stored messages fit the chat as it is now, for the model. What does not fit any more is taken
 * out, or told in another form; what is stored is not changed, and no message makes a turn fail.
 */
declare function migrateMessages<Message extends UIMessage>(stored: readonly Message[], schemas?: ChatSchemas): Promise<Message[]>;

/** A chat with the answer of a turn. */
interface PlacedAnswer<Message extends UIMessage = UIMessage> extends ChatChanges<Message> {
    readonly messages: Message[];
    /** `false`: the answer has no place any more, because its question is gone or was asked anew. */
    readonly isPlaced: boolean;
}
/**
 * Puts the answer of a turn into its chat: behind its question, or in place of the message that goes
 * on. A chat in which the question is gone, or has another answer by now, stays as it is.
 *
 * @param stored The messages of the chat, to which the turn was applied.
 * @param turn The turn as `applyTurn` has returned it.
 */
declare function placeAnswer<Message extends UIMessage>(stored: readonly Message[], turn: ChatTurn<Message>, answer: Message): PlacedAnswer<Message>;

/**
 * Reads the id of a chat that a page has sent. It has no characters that mean something in paths,
 * addresses or keys.
 *
 * @throws TaskError `invalid-chat-id`.
 */
declare function readChatId(value: unknown): string;

/**
 * The options of a definition without the types of its values, which only the definition itself and
 * the page know. Whatever `defineTask` takes fits.
 */
interface PlainDefinition<Result = never> extends Omit<DefineTaskOptions<StandardSchemaV1 | undefined, Result, Record<string, number>, never>, 'chat' | 'checkpoint' | 'context' | 'dataPartSchemas' | 'execute' | 'partial' | 'retry'> {
    retry?: TaskRetry;
    context?: (options: {
        request: Request | undefined;
        params: Readonly<Record<string, string | string[] | undefined>>;
    }) => unknown;
    chat?: (options: {
        input: never;
        context: never;
    }) => Promise<TaskChat> | TaskChat;
    execute: (options: never) => unknown;
}

/** Options of `drainOnSignal`. */
interface DrainOnSignalOptions extends DrainOptions {
    /** The signals at which draining begins. Default: `SIGTERM`. */
    signals?: readonly string[];
    /**
     * Called once the contexts are drained: the place to close the server, and to end the process if
     * nothing else does.
     */
    onDrained?: () => Promise<void> | void;
}
type DrainedContext = TaskStreamContext | ResumableStreamContext;
/**
 * Drains stream contexts when the process is told to end, such as by a deploy: hands their tasks over
 * to other processes, or ends them, and then ends their responses. Call it once, where the process
 * starts; a second call does no harm.
 *
 * It never ends the process. Node does not do so either once somebody listens to a signal, so end it in
 * `onDrained` unless the host does. Where there are no signals, as in edge runtimes, it does nothing.
 *
 * @returns A function that undoes it.
 * @throws TaskError `invalid-options`.
 */
declare function drainOnSignal(contexts: DrainedContext | readonly DrainedContext[], { signals, timeoutMs, onDrained }?: DrainOnSignalOptions): () => void;

/** What is needed of Node's `IncomingMessage`. */
interface NodeRequest extends AsyncIterable<Uint8Array> {
    readonly method?: string;
    readonly url?: string;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    /** Whether the body was read from, such as by a body parser. */
    readonly readableDidRead?: boolean;
    /** What a body parser made of the body: text, bytes, or what JSON stands for. */
    readonly body?: unknown;
}

/**
 * The chunks with which an attempt begins, as JSON, unless it is the first one of a task that its own
 * process has opened: the rewind, the task's snapshot, and the ends of the tasks within it that were
 * running at the checkpoint, because nobody runs them any more.
 *
 * @param now Epoch milliseconds.
 */
declare function attemptFrames({ index, logs, partials, snapshot, nested }: AttemptStart, { attempt, now }: {
    attempt: number;
    now: number;
}): string[];

/**
 * Wraps a context so that it refuses owners, chats and the like that a storage could take for others,
 * before anything happens: values that are no strings, and strings with half of a surrogate pair
 * (`invalid-options`, for the id of a chat `invalid-body`). Cuts reasons of cancels to 1,000
 * characters.
 */
declare function checkedContext(context: TaskStreamContext): TaskStreamContext;

/**
 * Wraps a context so that its process can take leave of its tasks: once it drains, none is opened or
 * taken (`context-unavailable`), and all others are followed and cancelled as before.
 *
 * @param control Default: one for this context alone, whose tasks other processes can take if it has
 * `take`.
 */
declare function drainableContext(context: TaskStreamContext, control?: DrainControl): TaskStreamContext;

interface FrameLogOptions {
    /** The task, named in the error that a reader with a cursor of another log gets. */
    taskId: string;
    /** The first chunks, as JSON. Default: none. */
    frames?: readonly string[];
    /**
     * The log's epoch, which must lie above every epoch of earlier logs of the task. Default: taken
     * from the clock, and above all epochs that this process has seen.
     */
    epoch?: number;
    /** Whether the producer counts as alive. Default: always, as a producer in this process does. */
    isAlive?: () => boolean;
    /** Whether the task waits for a runner. Default: never. */
    isWaiting?: () => boolean;
}
/** The frames of a log in the memory of this process, for a stream context of your own. */
interface FrameLog {
    /** The epoch of the newest attempt. */
    readonly epoch: number;
    /** The number that the next frame of `epoch` gets. */
    readonly next: number;
    /** The newest frame, as its `id` names it: `epoch-n`. */
    readonly cursor: string;
    /** Adds a chunk, as JSON, and wakes the readers. */
    append(data: string): void;
    /**
     * Begins the next epoch, in which the next attempt goes on after the frame `last` with its first
     * chunks. Frames after `last` are void: a reader that has taken any of them ends as one that was
     * cut, all others never get them.
     */
    rewind(last: Cursor, data: readonly string[]): void;
    /** To be called when the task has begun to wait for a runner: readers are told at once. */
    wake(): void;
    /** Ends the log: readers are done once they have everything. */
    end(): void;
    /**
     * A reader that keeps all promises of a `TaskReader`: from after `cursor` on, or without the first
     * `skip` frames. It holds a position, and no copies of frames.
     */
    read(options?: Pick<ReadTaskOptions, 'cursor' | 'isContinued' | 'skip'>): TaskReader;
}
/**
 * Holds the frames of one log for any number of readers, as the context in memory does. It keeps all
 * frames: whoever has made it has to drop it.
 */
declare function createFrameLog({ taskId, frames, epoch, isAlive, isWaiting, }: FrameLogOptions): FrameLog;

/** Closes the log of a task that nobody runs: its producer is gone, or it waits for one. */
interface LostTask {
    /** Takes note of a frame of the log. */
    track(frame: string): void;
    /**
     * The frames that close the log, and the outcome that they tell.
     *
     * @param ranMs How long the task has run, by the storage's clock.
     */
    close(ranMs: number): {
        outcome: TaskOutcome;
        frames: string[];
    };
}
interface LostTaskOptions {
    taskId: string;
    /** When the task was opened, in epoch milliseconds. */
    createdAt: number;
    /** The display name that the task was opened with. */
    name: string | undefined;
    /**
     * The message that the task continues, for what its chunks in the log cannot carry: in AI SDK 6
     * the answer to an approval.
     */
    continued?: UIMessage;
    /** Set when somebody had asked the task to stop: then it counts as cancelled. */
    cancel: {
        readonly reason: string | undefined;
    } | undefined;
    /** Why the task ends otherwise. Default: its process is gone. */
    error?: TaskError | undefined;
    /** Whether the task waits, so that a cancel is all that there is to tell. Default false. */
    isWaiting?: boolean;
}
/**
 * Follows a log to its end to find out what has to be closed: the parts that are open, and the
 * newest snapshot. For stream contexts, which close the logs of tasks that nobody runs.
 */
declare function createLostTask({ taskId, createdAt, name, continued, cancel, error, isWaiting, }: LostTaskOptions): LostTask;

interface MemoryStreamContextOptions {
    /** How long a settled task can be replayed, in milliseconds. Default 3,600,000 (1 h). */
    retentionMs?: number;
    /**
     * How many bytes all settled logs together may take, by an estimate. Beyond it the oldest are
     * dropped. Running tasks do not count. Default 268,435,456 (256 MiB).
     */
    maxTotalBytes?: number;
    /** Contexts of one scope share their tasks within the process. Default `default`. */
    scope?: string;
}
/**
 * Keeps tasks in this process; the default of all functions that take a `streamContext`. All
 * contexts of one scope share their tasks, also across instances of this module. Other processes do
 * not see these tasks, which end with the process. Warns once on hosts whose instances come and go.
 */
declare function createMemoryStreamContext({ scope, ...options }?: MemoryStreamContextOptions): TaskStreamContext;

/** What a supervisor has done. */
interface SuperviseCounts {
    /** How many times it has looked at a task. */
    readonly looked: number;
    /** How many tasks it has taken up. */
    readonly taken: number;
    /** How many outcomes it has delivered. */
    readonly delivered: number;
}

interface ToResumableStreamContextOptions {
    /**
     * Keeps a serverless instance alive until a stream is over, such as Next.js' `after`. Default, or
     * `null`: nothing keeps the instance alive.
     */
    waitUntil?: ((promise: Promise<unknown>) => void) | null;
    /**
     * Whether a stream that is over is replayed from its start for as long as the context keeps it;
     * otherwise it is answered with `null`. Default false, as with `resumable-stream`.
     */
    replayAfterEnd?: boolean;
    /** The interval of signs of life while a source is silent, in milliseconds. Default 5,000. */
    heartbeatMs?: number;
    /**
     * How long the producer of a stream counts as alive after its last sign, in milliseconds.
     * Default: two heartbeats.
     */
    leaseMs?: number;
    /** Gets the errors of sources, as they were thrown. Default: `console.error`. */
    onError?: (error: unknown, context: {
        streamId: string;
    }) => void;
}
/**
 * Gives a stream context the interface of the `resumable-stream` package, so that code written
 * for that package only needs another import. Strings are stored as they come; readers may get
 * several of them as one.
 */
declare function toResumableStreamContext(context: TaskStreamContext, { waitUntil, replayAfterEnd, heartbeatMs, leaseMs, onError, }?: ToResumableStreamContextOptions): ResumableStreamContext;

interface ResumeTaskOptions<Message extends UIMessage = UIMessage> {
    /** The task to follow. */
    taskId?: string;
    /** The chat whose active task to follow; ignored when `taskId` is given. */
    chatId?: string;
    /**
     * The request. Its `Last-Event-ID` header, or else `?lastEventId=`, says what the reader has
     * already; `?events=named` asks for named events. `HEAD` is answered as `GET`, without a body.
     */
    request?: Request;
    /** Where the log lives. Default: the memory of this process. */
    streamContext?: TaskStreamContext | ResumableStreamContext;
    /** Must be the owner that the task was started with. */
    owner?: string;
    /** The interval of the response's heartbeats, in milliseconds. Default 5,000. */
    heartbeatMs?: number;
    /**
     * Called with the outcome of a task that is over and unsaved: its process was lost before the
     * task's own `onSettle` had returned, or that `onSettle` has failed. Called at least once, by one
     * process at a time, with `isRecovered: true`, without `messages`, and with the message as the log
     * has it. The message's id is the one that the page knows, else the taskId. Save the message under
     * that id, but only if no final message has it: the lost process may have saved one just before.
     */
    onSettle?: (event: TaskSettleEvent<unknown, Message>) => Promise<void> | void;
    /** Keeps a serverless instance alive until `onSettle` is done, such as Next.js' `after`. */
    waitUntil?: (promise: Promise<unknown>) => void;
    /**
     * Gets what `onSettle` throws, and why a message cannot be recovered. Default: `console.error`.
     */
    onError?: (error: unknown, context: {
        taskId: string;
    }) => void;
}
interface ResumedTask {
    /**
     * 200 with what follows the reader's cursor, or 204 when nothing is left to read. A `taskId` that
     * is unknown or somebody else's is answered with 404, a `chatId` without such a task with 204. A
     * bad taskId or cursor is answered with 400, and 503 says that the storage is away; the body of
     * these errors is `{ error: { code, message } }`.
     */
    toResponse(init?: TaskResponseInit): Promise<Response>;
    /** Sends what `toResponse` would over a Node response; resolves when it has ended. */
    pipeToResponse(response: NodeResponse, init?: TaskResponseInit): Promise<void>;
}
/**
 * Follows a task that is running, or replays one that has settled. `Message` is the type of the
 * chat's messages, as it was given to `streamTask`.
 */
declare function resumeTask<Message extends UIMessage = UIMessage>({ onSettle, ...options }: ResumeTaskOptions<Message>): ResumedTask;

/** What a request wants: POST starts, GET follows (with `?input=` it starts), DELETE cancels. */
type TaskAction = 'start' | 'follow' | 'cancel';
interface CreateTaskRouteOptions extends Pick<TaskSettings, 'streamContext' | 'whenUnavailable' | 'waitUntil' | 'heartbeatMs' | 'toTaskError' | 'onError' | 'cancelOnDisconnect'> {
    /**
     * Decides whether a request may do what it asks for: `true` allows it, `false` refuses it with
     * 403, and a response of your own refuses it with that. Default: everybody may.
     */
    authorize?: (options: {
        request: Request;
        action: TaskAction;
        /** The taskId that the request names, if any; it is well-formed. */
        taskId: string | undefined;
    }) => Promise<boolean | Response> | boolean | Response;
    /**
     * Tells who makes the request, from a session or a token. Tasks of other owners look like unknown
     * ones. Default: whoever knows a taskId may follow and cancel the task.
     */
    owner?: (request: Request) => Promise<string | undefined> | string | undefined;
    /** Largest accepted body or `?input=` in bytes. Default 1,048,576 (1 MiB). */
    maxBodyBytes?: number;
    /**
     * How many tasks of one owner this route runs at once in this process; requests without an owner
     * share one count. Requests to start more tasks are answered with 429. Requests that join a task
     * are not counted. Default: any number.
     */
    maxConcurrent?: number;
    /**
     * How many tasks this process may run, of all that it has started or taken up on the stream context,
     * for this route to take up one more that waits. It starts tasks all the same. Default: any number.
     */
    maxRunning?: number;
    /**
     * Lets `GET ?taskId=&input=` start or join a task, too, for `EventSource`, which cannot POST. The
     * input is JSON or, with a transformer, its text. Default false.
     */
    allowGet?: boolean;
    /**
     * Decodes inputs, and encodes partial results and the result, of a definition that has no
     * `transformer` of its own. With `retry` it has to be the definition's.
     */
    transformer?: TaskTransformer;
}
/** What Next.js passes beside the request; other hosts may leave it out. */
interface TaskRouteContext {
    params?: Promise<Record<string, string | string[] | undefined>>;
}
/** A web-standard request handler. It never rejects. */
type TaskRouteHandler = (request: Request, context?: TaskRouteContext) => Promise<Response>;
interface TaskRoute {
    /** Starts a task from the body `{ taskId?, input }`, or joins the task that has this taskId. */
    POST: TaskRouteHandler;
    /** Follows or replays the task `?taskId=` after `Last-Event-ID`; with `allowGet` may start it. */
    GET: TaskRouteHandler;
    /** Asks the task `?taskId=` to stop, for the reason `?reason=`. Answers `{ cancelled }`. */
    DELETE: TaskRouteHandler;
}

/**
 * Serves a defined task: `export const { POST, GET, DELETE } = createTaskRoute(task)`. A task with
 * `retry` that waits for a process, because it has lost its own, is taken up by a GET that follows it.
 *
 * @throws TaskError `invalid-options`.
 */
declare function createTaskRoute<Schema extends StandardSchemaV1 | undefined, Result, Steps extends Record<string, number>, Value, Data extends UIDataTypes, Checkpoint = unknown, Context = unknown, Retry extends TaskRetry | undefined = TaskRetry | undefined>(task: TaskDefinition<Schema, Result, Steps, Value, Data, Checkpoint, Context, Retry>, { authorize, owner: ownerOf, maxBodyBytes, maxConcurrent, maxRunning, allowGet, streamContext: givenContext, transformer: ownTransformer, ...settings }?: CreateTaskRouteOptions): TaskRoute;

/**
 * Serves a route with `node:http`, `node:http2`, Express, Next.js' Pages Router, or whatever else
 * hands out Node's requests and responses. HEAD is served as GET, without a body. When a body parser
 * has read the body, `request.body` is used.
 *
 * @throws TaskError `invalid-options` when the route has no handlers.
 */
declare function toNodeHandler(route: TaskRoute): (request: NodeRequest, response: NodeResponse) => Promise<void>;

/** A task that `defineTask` has made. */
interface SupervisedTask {
    readonly options: PlainDefinition;
}
interface SuperviseTasksOptions {
    /** Where the logs live: one that has an index of open tasks, as those in Redis and in memory do. */
    streamContext: TaskStreamContext | ResumableStreamContext;
    /** The definitions whose tasks are looked after. */
    tasks: readonly SupervisedTask[];
    /**
     * Called with the outcome of a task that is over and unsaved, of a definition without an `onSettle`
     * or of `streamTask`, as that of `resumeTask` is: at least once, by one process at a time. Default:
     * such outcomes are left to others, and tasks of `streamTask` are not looked after.
     */
    onSettle?: (event: TaskSettleEvent<unknown>) => Promise<void> | void;
    /**
     * How many tasks this process may run at a time, those that were started here included, for another
     * one to be taken up. Default 10.
     */
    maxRunning?: number;
    /**
     * About how often tasks are looked for, in milliseconds; each is looked at once in twice that time,
     * by all supervisors together. Also the heartbeat of tasks that are taken up, unless their definition
     * has one. Default 5,000.
     */
    heartbeatMs?: number;
    /** Gets what goes wrong; without a `taskId` the storage is away. Default: `console.error`. */
    onError?: (error: unknown, context: {
        taskId: string;
    }) => void;
}
/** A supervisor that looks after tasks until it is stopped. */
interface TaskSupervisor {
    /**
     * Takes nothing more. Resolves when what is being looked at now was looked at; tasks that were taken
     * go on. Idempotent.
     */
    stop(): Promise<void>;
}
/**
 * Looks after the tasks of some definitions, whether or not somebody follows them: takes up those that
 * wait because their process was lost or has handed them over, closes those that are lost and have no
 * attempts left, and delivers outcomes that the host could not be told of. Call it once in each process
 * that may run such tasks; supervisors share the work. It ends by itself when the context drains, and
 * keeps no process alive.
 *
 * @throws TaskError `invalid-options`.
 */
declare function superviseTasks(options: SuperviseTasksOptions): TaskSupervisor;
/**
 * Looks once after all tasks that are due, as `superviseTasks` does all the time: for a cron job, or in
 * the `waitUntil` of a request. Resolves with what it has done, once the tasks are over that it has taken
 * up or, where their definition has `maxRunMs`, handed over again: that time counts from this call on.
 *
 * @throws TaskError `invalid-options`; the promise rejects with `context-unavailable`.
 */
declare function superviseOnce(options: SuperviseTasksOptions): Promise<SuperviseCounts>;

export { type AppliedTurn, AttemptStart, type CancelTaskOptions, type ChatBody, type ChatChanges, type ChatSchemas, type ChatTrigger, type ChatTurn, type CreateTaskRouteOptions, Cursor, DefineTaskOptions, DrainControl, type DrainOnSignalOptions, DrainOptions, type FrameLog, type FrameLogOptions, type LostTask, type LostTaskOptions, type MemoryStreamContextOptions, type NodeRequest, NodeResponse, type PlacedAnswer, ReadTaskOptions, ResumableStreamContext, type ResumeTaskOptions, type ResumedTask, type SuperviseCounts, type SuperviseTasksOptions, type SupervisedTask, type TaskAction, TaskChat, TaskDefinition, TaskReader, TaskResponseInit, TaskRetry, type TaskRoute, type TaskRouteContext, type TaskRouteHandler, TaskSettings, TaskSettleEvent, TaskStreamContext, type TaskSupervisor, TaskTransformer, type ToResumableStreamContextOptions, applyTurn, attemptFrames, cancelTask, changesBetween, checkMessage, checkedContext, createFrameLog, createLostTask, createMemoryStreamContext, createTaskRoute, drainOnSignal, drainableContext, migrateMessages, placeAnswer, readBodyFields, readChatBody, readChatId, resumeTask, superviseOnce, superviseTasks, toNodeHandler, toResumableStreamContext };
