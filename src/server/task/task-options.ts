import type { UIMessage, UIMessageStreamWriter } from 'ai';
import type { TaskError } from '../../protocol/task-error';
import type { TaskSettlement } from '../../protocol/task-parts';
import type { ResumableStreamContext } from '../log/resumable-stream-context';
import type { TaskStreamContext } from '../log/task-stream-context';
import type { TaskReporter } from './task-reporter';

/** Encodes inputs, partial results and results as text, such as superjson does. */
export interface TaskTransformer {
  stringify(value: unknown): string;
  parse(text: string): unknown;
}

/** What `execute` gets. */
export interface ExecuteOptions<
  Input,
  StepName extends string,
  Value,
  Message extends UIMessage = UIMessage,
  Checkpoint = unknown,
> {
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
export interface TaskSettleEvent<Result, Message extends UIMessage = UIMessage>
  extends TaskSettlement<Result> {
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
export interface TaskSettings<Result = unknown, Message extends UIMessage = UIMessage> {
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
  onError?: (error: unknown, context: { taskId: string }) => void;
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
export interface StreamTaskOptions<
  Input,
  Result,
  Steps extends Record<string, number>,
  Value,
  Message extends UIMessage = UIMessage,
> extends TaskSettings<Result, Message> {
  /** The work. What it returns is the task's result. */
  execute: (
    options: ExecuteOptions<Input, keyof Steps & string, Value, Message>,
  ) => Promise<Result> | Result;
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
