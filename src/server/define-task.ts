import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { UIDataTypes, UIMessage, UIMessageStreamWriter } from 'ai';
import type { TaskTypes } from '../protocol/task-types';
import { checkDefinition } from './check-definition';
import { claimDefinedTask } from './claim-defined-task';
import { encodeInput, readInput } from './read-input';
import type { StreamedTask } from './stream-task';
import type { TaskRetry } from './task/retry-options';
import type {
  ExecuteOptions,
  StreamTaskOptions,
  TaskSettings,
  TaskTransformer,
} from './task/task-options';

/** The route's parameters, where the host has them. */
type Params = Readonly<Record<string, string | string[] | undefined>>;

/** What `execute` of a defined task gets. */
export interface DefinedExecuteOptions<
  Input,
  StepName extends string,
  Value,
  Data extends UIDataTypes = UIDataTypes,
  Checkpoint = unknown,
  Context = unknown,
  Retry extends TaskRetry | undefined = undefined,
> extends Omit<ExecuteOptions<Input, StepName, Value, UIMessage, Checkpoint>, 'writer'> {
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
export interface TaskChat {
  /** Makes the task the chat's active one; a task that is running is cancelled as `superseded`. */
  chatId: string;
  /** Id of the assistant's message, for the page and `onSettle` alike. Default: the taskId. */
  messageId?: string;
  /** The chat's messages; when the last one is the assistant's, the task continues it. */
  originalMessages?: readonly UIMessage[];
  /** With `regenerate-message` the task continues no message. */
  trigger?: string;
}

export interface DefineTaskOptions<
  Schema extends StandardSchemaV1 | undefined,
  Result,
  Steps extends Record<string, number>,
  Value,
  Data extends UIDataTypes = UIDataTypes,
  Checkpoint = unknown,
  Context = unknown,
  Retry extends TaskRetry | undefined = undefined,
> extends Omit<
    TaskSettings<Result>,
    'streamContext' | 'transformer' | 'waitUntil' | 'whenUnavailable'
  > {
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
  chat?: (options: { input: OutputOf<Schema>; context: Context }) => Promise<TaskChat> | TaskChat;
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
  dataPartSchemas?: { readonly [Name in keyof Data]: StandardSchemaV1<unknown, Data[Name]> };
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
  execute: (
    options: DefinedExecuteOptions<
      OutputOf<Schema>,
      keyof Steps & string,
      Value,
      Data,
      Checkpoint,
      Context,
      Retry
    >,
  ) => Promise<Result> | Result;
}

/** What `execute` gets as its input. */
type OutputOf<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<Schema>
  : unknown;

type InputOf<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferInput<Schema>
  : unknown;

/** Options of a definition's `start`; they win over those of the definition. */
export interface StartDefinedTaskOptions<Result = unknown>
  extends Omit<
    StreamTaskOptions<never, Result, never, never>,
    'name' | 'execute' | 'input' | 'retry' | 'steps'
  > {
  /** Handed to `execute`, where the code that starts the task has a request. */
  request?: Request;
  /** Handed to `execute`. Default: empty. */
  params?: Params;
}

/** What a definition's `start` takes. A task that can do without input needs none to be given. */
export type StartDefinedTaskArguments<Input, Result = unknown> = undefined extends Input
  ? [input?: Input, options?: StartDefinedTaskOptions<Result>]
  : [input: Input, options?: StartDefinedTaskOptions<Result>];

/** A task that a route can serve, and whose types the page can infer. */
export interface TaskDefinition<
  Schema extends StandardSchemaV1 | undefined,
  Result,
  Steps extends Record<string, number>,
  Value,
  Data extends UIDataTypes = UIDataTypes,
  Checkpoint = unknown,
  Context = unknown,
  Retry extends TaskRetry | undefined = TaskRetry | undefined,
> extends TaskTypes<InputOf<Schema>, Result, Value, keyof Steps & string> {
  readonly options: DefineTaskOptions<
    Schema,
    Result,
    Steps,
    Value,
    Data,
    Checkpoint,
    Context,
    Retry
  >;
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
export function defineTask<
  Schema extends StandardSchemaV1 | undefined = undefined,
  Result = unknown,
  Steps extends Record<string, number> = Record<string, number>,
  Value = unknown,
  Data extends UIDataTypes = UIDataTypes,
  Checkpoint = unknown,
  Context = undefined,
>(
  options: DefineTaskOptions<Schema, Result, Steps, Value, Data, Checkpoint, Context, TaskRetry> & {
    retry: TaskRetry;
  },
): TaskDefinition<Schema, Result, Steps, Value, Data, Checkpoint, Context, TaskRetry>;
export function defineTask<
  Schema extends StandardSchemaV1 | undefined = undefined,
  Result = unknown,
  Steps extends Record<string, number> = Record<string, number>,
  Value = unknown,
  Data extends UIDataTypes = UIDataTypes,
  Checkpoint = unknown,
  Context = undefined,
>(
  options: DefineTaskOptions<Schema, Result, Steps, Value, Data, Checkpoint, Context, undefined>,
): TaskDefinition<Schema, Result, Steps, Value, Data, Checkpoint, Context, undefined>;
export function defineTask<
  Schema extends StandardSchemaV1 | undefined,
  Result,
  Steps extends Record<string, number>,
  Value,
  Data extends UIDataTypes,
  Checkpoint,
  Context,
  Retry extends TaskRetry | undefined,
>(
  options: DefineTaskOptions<Schema, Result, Steps, Value, Data, Checkpoint, Context, Retry>,
): TaskDefinition<Schema, Result, Steps, Value, Data, Checkpoint, Context, Retry> {
  checkDefinition(options);
  return {
    options,
    start(...[input, { request, params = {}, ...settings } = {}]) {
      // The schema takes the input as it is: a `transformer` is for inputs that come by a request.
      const check = () => readInput(input, { schema: options.input, transformer: undefined });
      return claimDefinedTask<Result>(options, {
        ...settings,
        readInput: check,
        storedInput: () => encodeInput(input, options.transformer),
        request,
        params,
      }).task;
    },
  };
}
