import type { HttpChatTransportInitOptions, PrepareReconnectToStreamRequest, UIMessage } from 'ai';
import type { FollowOptions } from './task-client-options';

/**
 * Prepares the request that cancels a chat's task, as `prepareReconnectToStreamRequest` does for
 * the one that reconnects. `taskId` and `reason` are added to the query of whatever address it is.
 */
export type PrepareCancelRequest = (
  options: Parameters<PrepareReconnectToStreamRequest>[0] & {
    /** The task to cancel; `undefined` when the page does not know it: whichever the chat runs. */
    taskId: string | undefined;
    /** Why, as given to `cancel`. */
    reason: string | undefined;
  },
) => ReturnType<PrepareReconnectToStreamRequest>;

/** Options of `TaskChatTransport`: those of the AI SDK's `DefaultChatTransport`, and ours. */
export interface TaskChatTransportOptions<Message extends UIMessage = UIMessage>
  extends HttpChatTransportInitOptions<Message>,
    FollowOptions {
  /** Accepted so that options can be moved over as they are: a task's replay is always whole. */
  resumeStreamIsReplay?: true | undefined;
  /** Default: the address, headers and credentials of a reconnect, with method `DELETE`. */
  prepareCancelRequest?: PrepareCancelRequest | undefined;
  /**
   * Whether the chat's messages have the parts of a task (`data-task` and so on). With `false` they
   * are handed over as transient, so that `onData` gets them and no message does. Default true.
   */
  taskParts?: boolean | undefined;
  /**
   * Whether `stop()` stops the work, and does not only leave it. For a `Chat` that the page makes
   * and hands to `useChat({ chat })`: one that `useChat` of AI SDK 7 makes itself is stopped when
   * its component unmounts, too. Default false.
   */
  cancelOnStop?: boolean | undefined;
}
