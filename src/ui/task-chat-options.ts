import type { HttpChatTransportInitOptions, PrepareReconnectToStreamRequest, UIMessage } from 'ai';
import type { FollowOptions } from './task-client-options';

/**
 * Prepares the request that cancels a chat's task, as `prepareReconnectToStreamRequest` does for
 * the one that reconnects. `taskId` and `reason` are added to the query of the address it returns.
 */
export type PrepareCancelRequest = (
  options: Parameters<PrepareReconnectToStreamRequest>[0] & {
    /** The task to cancel; `undefined` when the page does not know which task the chat runs. */
    taskId: string | undefined;
    /** The reason that `cancel` was called with. */
    reason: string | undefined;
  },
) => ReturnType<PrepareReconnectToStreamRequest>;

/** Options of `TaskChatTransport`: those of the AI SDK's `DefaultChatTransport`, and ours. */
export interface TaskChatTransportOptions<Message extends UIMessage = UIMessage>
  extends HttpChatTransportInitOptions<Message>,
    FollowOptions {
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
  onRewind?: ((event: { chatId: string }) => void) | undefined;
}
