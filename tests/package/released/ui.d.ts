import { I as InferTaskResult, a as InferTaskPartial, c as InferTaskInput, b as InferTaskStep, J as Jsonified } from './task-types.js';
import { d as TaskStreamOptions, a as TaskTransformer, k as TaskStream, F as FollowOptions } from './task-stream-types.js';
export { f as ReconnectOptions, R as ResumeTaskOptions, S as StartTaskArguments, g as StartTaskOptions, c as TaskCancel, T as TaskClientOptions, h as TaskConnection, e as TaskEnd, i as TaskRequestHeaders, b as TaskStreamState, j as TaskStreamStatus, U as UnsettledTask } from './task-stream-types.js';
import { PrepareReconnectToStreamRequest, UIMessage, HttpChatTransportInitOptions, ChatTransport, UIMessageChunk } from 'ai';
import './task-parts.js';
import './task-state.js';

/** What `createTaskStream` is: the types of the task come from the type argument. */
interface CreateTaskStream {
    /** With a transformer, values have the types that they have on the server. */
    <Task = unknown>(options: TaskStreamOptions<InferTaskResult<Task>, InferTaskPartial<Task>> & {
        transformer: TaskTransformer;
    }): TaskStream<InferTaskInput<Task>, InferTaskResult<Task>, InferTaskPartial<Task>, InferTaskStep<Task>>;
    /** Without one, results and partial results are what JSON makes of them. */
    <Task = unknown>(options: TaskStreamOptions<Jsonified<InferTaskResult<Task>>, Jsonified<InferTaskPartial<Task>>>): TaskStream<InferTaskInput<Task>, Jsonified<InferTaskResult<Task>>, Jsonified<InferTaskPartial<Task>>, InferTaskStep<Task>>;
}
/**
 * Creates a store that starts tasks and follows them. It opens no connection by itself. Give it
 * the task's type, `createTaskStream<typeof generateImage>(…)`, to have input, result, partial
 * results and steps typed.
 */
declare const createTaskStream: CreateTaskStream;

/**
 * Prepares the request that cancels a chat's task, as `prepareReconnectToStreamRequest` does for
 * the one that reconnects. `taskId` and `reason` are added to the query of the address it returns.
 */
type PrepareCancelRequest = (options: Parameters<PrepareReconnectToStreamRequest>[0] & {
    /** The task to cancel; `undefined` when the page does not know which task the chat runs. */
    taskId: string | undefined;
    /** The reason that `cancel` was called with. */
    reason: string | undefined;
}) => ReturnType<PrepareReconnectToStreamRequest>;
/** Options of `TaskChatTransport`: those of the AI SDK's `DefaultChatTransport`, and ours. */
interface TaskChatTransportOptions<Message extends UIMessage = UIMessage> extends HttpChatTransportInitOptions<Message>, FollowOptions {
    /**
     * Where the chat's routes are. `separate`: as the AI SDK has it, the stream at `api/<id>/stream`,
     * and all messages are uploaded. `one-file`: what `createChatRoute` serves, all at `api`; a turn
     * uploads the message that it is about, and no other. Default `separate`.
     */
    layout?: 'separate' | 'one-file' | undefined;
    /** Accepted as an option of `DefaultChatTransport`. Without effect: a replay is always whole. */
    resumeStreamIsReplay?: true | undefined;
    /**
     * Prepares the request that cancels the chat's task. Default: the address, headers and credentials
     * of a reconnect, with method `DELETE`.
     */
    prepareCancelRequest?: PrepareCancelRequest | undefined;
    /**
     * Whether the chat's messages have the parts of a task (`data-task` and so on). With `false` they
     * are handed over as transient, so that `onData` gets them and no message does. Default true.
     */
    taskParts?: boolean | undefined;
    /**
     * Whether `stop()` also asks the server to stop the task, instead of only leaving it. Meant for a
     * `Chat` that the page makes and hands to `useChat({ chat })`: a chat that `useChat` of AI SDK 7
     * makes itself is stopped when its component unmounts, too. Default false.
     */
    cancelOnStop?: boolean | undefined;
    /**
     * The next attempt of the chat's task has begun, and the chat shows something that is void now and
     * that it cannot take back by itself; it can by resuming: `stop(); resumeStream();`. A chat of AI
     * SDK 7 takes back the step that has begun since the last checkpoint, and data parts and metadata
     * that were there before; one of AI SDK 6 no step. Not called when nothing is left to take back. A `stop()`
     * within the callback only leaves the task, also with `cancelOnStop`.
     */
    onRewind?: ((event: {
        chatId: string;
    }) => void) | undefined;
}

type SendOptions<Message extends UIMessage> = Parameters<ChatTransport<Message>['sendMessages']>[0];
type ReconnectOptions<Message extends UIMessage> = Parameters<ChatTransport<Message>['reconnectToStream']>[0];
/**
 * A drop-in for the AI SDK's `DefaultChatTransport`, for chats whose route answers with a task. A
 * connection that breaks, ends early or falls silent is replaced underneath `useChat`, which sees
 * one unbroken stream. Aborting the request (`stop()`) leaves the task, which goes on; `cancel`
 * stops it. A response that is no task's stream is read as `DefaultChatTransport` does.
 *
 * What a transport knows of a chat is kept by the page, under `api` and chat id, so that instances
 * may come and go. A server on another origin has to expose its response header `x-task-id`.
 */
declare class TaskChatTransport<Message extends UIMessage = UIMessage> implements ChatTransport<Message> {
    #private;
    /** A reconnect brings the whole response, compacted. */
    readonly resumeStreamIsReplay = true;
    constructor(options?: TaskChatTransportOptions<Message>);
    /** Sends the messages, and streams what answers them. */
    sendMessages(options: SendOptions<Message>): Promise<ReadableStream<UIMessageChunk>>;
    /**
     * Replays the chat's running task from its start, and follows it. Resolves with `null` when there
     * is none. Asks again and again while the server cannot be reached.
     */
    reconnectToStream(options: ReconnectOptions<Message>): Promise<ReadableStream<UIMessageChunk> | null>;
    /**
     * Asks the server to stop the chat's task, again and again while it cannot be reached. Resolves
     * with whether the server took the request; the chat's response then ends as aborted. Never
     * rejects.
     *
     * @param reason Told to everybody who follows the task.
     */
    cancel(chatId: string, reason?: string): Promise<boolean>;
}

export { type CreateTaskStream, FollowOptions, type PrepareCancelRequest, TaskChatTransport, type TaskChatTransportOptions, TaskStream, TaskStreamOptions, TaskTransformer, createTaskStream };
