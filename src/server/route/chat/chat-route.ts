import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { InferUITools, ToolSet, UIDataTypes, UIMessage, UIMessageStreamWriter } from 'ai';
import type { ChatTypes } from '../../../protocol/chat-types';
import type { TaskUIDataTypes } from '../../../protocol/task-parts';
import type { ChatChanges, ChatSchemas, ChatTrigger } from '../../chat/chat-types';
import type { DefineTaskOptions } from '../../define-task';
import type { TaskRunnerQueue } from '../../log/task-queue';
import type { PlainDefinition } from '../../plain-definition';
import type { TaskRetry } from '../../task/retry-options';
import type { TaskSettings, TaskSettleEvent } from '../../task/task-options';
import type { TaskReporter } from '../../task/task-reporter';
import type {
  CreateTaskRouteOptions,
  TaskAction,
  TaskRoute,
  TaskRouteHandler,
} from '../task-route';

/** A message of a chat with these metadata, data parts and tools, and with the parts of tasks. */
export type ChatMessage<
  Metadata = unknown,
  Data extends UIDataTypes = UIDataTypes,
  Tools extends ToolSet = ToolSet,
> = UIMessage<Metadata, Data & TaskUIDataTypes, InferUITools<Tools>>;

/** The same, by what the chat declares, whatever its functions are typed as. */
type DeclaredMessage<Metadata, Data extends UIDataTypes, Tools extends ToolSet> = ChatMessage<
  NoInfer<Metadata>,
  NoInfer<Data>,
  NoInfer<Tools>
>;

/** A chat, and whose it is. */
export interface ChatOfOwner {
  readonly chatId: string;
  /** What `owner` has given; `undefined` where chats are public. */
  readonly owner: string | undefined;
}

/** What `save` gets: the chat as it is to be, whole and as changes. */
export interface SaveChatOptions<Message extends UIMessage = UIMessage>
  extends ChatOfOwner,
    ChatChanges<Message> {
  /** All messages of the chat, in their order. */
  readonly messages: Message[];
  /**
   * Rises with the turns of a chat, and from the beginning of a turn to its end. So a store can refuse
   * what comes too late: write only what has a higher number than the chat has, or what `isRecovered`,
   * because that is made of the chat as it is now.
   */
  readonly revision: number;
  /** Whether this makes good what another process, or an earlier call, has failed to save. */
  readonly isRecovered: boolean;
}

/** What `execute` of a chat gets. */
export interface ChatExecuteOptions<
  Message extends UIMessage = UIMessage,
  Tools extends ToolSet = ToolSet,
  Body = unknown,
> extends ChatOfOwner {
  /** The messages for the model, up to the question, or to the answer that goes on. */
  readonly messages: Message[];
  readonly tools: Tools;
  readonly trigger: ChatTrigger;
  /** What else the request had in its body, as the schema `body` has made it. */
  readonly body: Body;
  /** Reports progress, and makes checkpoints. */
  readonly task: TaskReporter;
  /** Takes ordinary AI SDK chunks, by `write` and `merge`. */
  readonly writer: UIMessageStreamWriter<Message>;
  /** Aborts when the turn is stopped or superseded, at the deadline, and when its process is lost. */
  readonly signal: AbortSignal;
}

/** What `onFirstTurn` gets. */
export interface FirstTurnOptions<Message extends UIMessage = UIMessage>
  extends Pick<
    ChatExecuteOptions<Message>,
    'chatId' | 'owner' | 'messages' | 'task' | 'writer' | 'signal'
  > {}

/** Options of `createChatRoute`. */
export interface CreateChatRouteOptions<
  Metadata = unknown,
  Data extends UIDataTypes = UIDataTypes,
  Tools extends ToolSet = ToolSet,
  Body = unknown,
> extends ChatSchemas<Metadata, Data, Tools>,
    Pick<
      CreateTaskRouteOptions,
      'streamContext' | 'waitUntil' | 'heartbeatMs' | 'toTaskError' | 'maxBodyBytes' | 'maxRunning'
    >,
    Pick<TaskSettings, 'deadlineMs' | 'graceMs' | 'onError'>,
    Pick<
      DefineTaskOptions<undefined, unknown, Record<string, number>, unknown>,
      'version' | 'maxRunMs' | 'maxWaitMs' | 'maxCheckpointBytes' | 'maxStoredBytes'
    > {
  /**
   * Tells who makes the request, from a session or a token; `undefined` refuses it with 401. Chats of
   * other owners look like unknown ones. `'public'`: whoever knows the id of a chat may read and write it.
   */
  owner: 'public' | ((request: Request) => Promise<string | undefined> | string | undefined);
  /**
   * Loads the messages of a chat: `[]` for one that is new, `undefined` for one that is not the owner's,
   * which is answered with 404. Where it throws, the answer is 503. They may be of older forms, and of
   * tools and data parts that the chat had before, so they have no other type than that of any message.
   */
  load: (
    chat: ChatOfOwner,
  ) => Promise<readonly UIMessage[] | undefined> | readonly UIMessage[] | undefined;
  /**
   * Saves a chat: when a turn begins, and when it is over. Write `messages`, or delete `removed` and
   * then write `changed`. Called at least once for each, by one turn at a time. A turn goes on when this
   * throws; its outcome stays unsaved then, and is saved when the chat is asked for again.
   */
  save: (chat: SaveChatOptions<DeclaredMessage<Metadata, Data, Tools>>) => Promise<void> | void;
  /** The work of a turn: has the model answer. */
  execute: (
    options: ChatExecuteOptions<DeclaredMessage<Metadata, Data, Tools>, NoInfer<Tools>, Body>,
  ) => unknown;
  /** Names the chat's tasks; no two chats or tasks on one `streamContext` may share a name. Default `chat`. */
  name?: string;
  /** Lets a turn whose process is lost be attempted again; see `defineTask`. Default: it has failed. */
  retry?: TaskRetry;
  /** Checks what else a request has in its body; any Standard Schema. Default: it comes as it is. */
  body?: StandardSchemaV1<unknown, Body>;
  /**
   * Decides whether a request may do what it asks for, once its owner is known: `true` allows it, `false`
   * refuses it with 403, and a response of your own refuses it with that. Default: it may.
   */
  authorize?: (
    options: ChatOfOwner & {
      readonly request: Request;
      readonly action: TaskAction;
      readonly taskId: string | undefined;
    },
  ) => Promise<boolean | Response> | boolean | Response;
  /**
   * Makes the messages for the model of those that are stored. Default: `migrateMessages`, which takes
   * out what does not fit the present tools and schemas.
   */
  prepareMessages?: (
    options: ChatOfOwner & { readonly messages: readonly UIMessage[] },
  ) => Promise<DeclaredMessage<Metadata, Data, Tools>[]> | DeclaredMessage<Metadata, Data, Tools>[];
  /** Makes the ids of answers. Default: an answer is called like its task. */
  generateId?: () => string;
  /**
   * Called with the first turn of a chat, while it is answered, such as to give the chat a title. It
   * may write transient data parts. What it throws is told to `onError` and does not fail the turn.
   */
  onFirstTurn?: (
    options: FirstTurnOptions<DeclaredMessage<Metadata, Data, Tools>>,
  ) => Promise<void> | void;
  /**
   * What becomes of a turn that comes while another one of the chat runs: `supersede` stops the other
   * one, and saves it before this one begins; `refuse` answers 409. Default `supersede`.
   */
  whenBusy?: 'supersede' | 'refuse';
  /** Called once the outcome of a turn is saved, at least once. */
  onSettle?: (
    event: TaskSettleEvent<unknown, DeclaredMessage<Metadata, Data, Tools>>,
  ) => Promise<void> | void;
}

/** What answers the requests of a chat. */
export interface ChatHandlers<Message extends UIMessage = UIMessage> extends TaskRoute {
  /** Starts the turn that a page sends. It has the types of the chat, too: `useTaskChat<typeof POST>`. */
  readonly POST: TaskRouteHandler & ChatTypes<Message>;
}

/** A chat at one address. */
export interface ChatRoute<Message extends UIMessage = UIMessage>
  extends ChatHandlers<Message>,
    ChatTypes<Message> {
  /** The chat's turns as tasks, for `superviseTasks`, and for the `tasks` of a queue. */
  readonly task: { readonly options: PlainDefinition };
  /**
   * The same chat, whose turns are run by the workers of a queue that has `task` among its `tasks`, such
   * as one that `createTaskQueue` of `ai-task-stream/bullmq` has made, on the same `streamContext`. This
   * process then runs none of them. While the queue is away, a turn is answered with 503, and nothing of
   * it is there: `export const { POST, GET, DELETE } = chat.withQueue(queue)`.
   *
   * @throws TaskError `invalid-options`.
   */
  withQueue(queue: TaskRunnerQueue): ChatHandlers<Message>;
}
