import type { AbstractChat, ChatInit, ChatStatus, UIMessage } from 'ai';
import type { TaskCancel } from '../task-cancel';
import type { TaskChatTransportOptions } from '../task-chat-options';
import type { FollowOptions } from '../task-client-options';

/** Options of `createTaskChat`: those of the AI SDK's `Chat`, how to reach the route, and ours. */
export interface TaskChatOptions<Message extends UIMessage = UIMessage>
  extends Omit<ChatInit<Message>, 'id' | 'messages' | 'transport' | 'sendAutomaticallyWhen'>,
    Pick<
      TaskChatTransportOptions<Message>,
      'api' | 'headers' | 'body' | 'credentials' | 'fetch' | 'taskParts' | keyof FollowOptions
    > {
  /** Names the chat: 1 to 128 characters of `A-Za-z0-9_-`. */
  id: string;
  /** What is shown until the chat is loaded, such as what a server has rendered. Default: nothing. */
  messages?: Message[] | undefined;
  /**
   * How the page finds out about turns that began elsewhere: in another tab, on another device.
   * `visible` asks whenever somebody comes back to the page. `live` also keeps one request open while
   * the page is visible and the chat is idle, which the server answers when a turn begins; it costs a
   * connection for each open page, and the server a look at its storage twice a second. Default
   * `visible`.
   */
  follow?: 'visible' | 'live' | undefined;
  /**
   * Whether the chat goes on by itself: asked when an answer is over, and when a tool's output or the
   * answer to an approval was added. Then `messages` end with the message that it belongs to, which
   * need not be the chat's last one. Default: when a message has got what it waited for from this
   * page, and waits for nothing else.
   */
  sendAutomaticallyWhen?: ChatInit<Message>['sendAutomaticallyWhen'] | undefined;
}

/** Everything that a page may want to show of a chat. */
export interface TaskChatState<Message extends UIMessage = UIMessage> {
  readonly messages: Message[];
  /**
   * As in the AI SDK: `submitted` also while a running answer is about to be followed, `ready` when
   * nothing is going on, `error` also when the chat could not be loaded.
   */
  readonly status: ChatStatus;
  /** What went wrong. Its `message` is a sentence for people, its `code` one of `TaskErrorCode`. */
  readonly error: Error | undefined;
  /** Whether the chat's messages are not there yet. */
  readonly isLoading: boolean;
  /** Whether the server was asked to stop the answer, which is not over yet. */
  readonly isStopping: boolean;
}

/** What a page may do with a chat. Each may be handed on by itself. */
export interface TaskChatActions<Message extends UIMessage = UIMessage> {
  /** Sends a message, once the chat is loaded. */
  readonly sendMessage: AbstractChat<Message>['sendMessage'];
  /** Has an answer written again, once the chat is loaded. */
  readonly regenerate: AbstractChat<Message>['regenerate'];
  /** Gives the output of a tool that the page runs. */
  readonly addToolOutput: AbstractChat<Message>['addToolOutput'];
  /**
   * Answers whether a tool may be run; also in a message that is not the last, which AI SDK 7 knows
   * from 7.0.113 on.
   */
  readonly addToolApprovalResponse: AbstractChat<Message>['addToolApprovalResponse'];
  /** Takes away the error. */
  readonly clearError: () => void;
  /**
   * Stops the work on the answer, on whichever server it runs, however it was started. Leaving the
   * chat does not.
   */
  readonly stop: TaskCancel;
  /** Loads the chat, and follows the answer that is being written. Never rejects. */
  readonly reload: () => Promise<void>;
}

/** A chat of a route made by `createChatRoute`, without a framework. */
export interface TaskChat<Message extends UIMessage = UIMessage> extends TaskChatActions<Message> {
  readonly id: string;
  /** The current state; the same object until something changes. */
  getState(): TaskChatState<Message>;
  /**
   * Calls the listener after each change, and returns the way to stop. With its first listener the
   * chat is loaded, and its running answer followed; with its last one it is left, and the answer
   * goes on.
   */
  subscribe(listener: () => void): () => void;
  /** Puts other messages in place of those that are shown. The server's stay as they are. */
  setMessages(messages: Message[]): void;
}
