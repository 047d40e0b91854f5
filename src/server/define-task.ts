import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { UIDataTypes, UIMessage, UIMessageStreamWriter } from 'ai';
import type { TaskTypes } from '../protocol/task-types';
import { checkDefinition } from './check-definition';
import { claimDefinedTask } from './claim-defined-task';
import { readInput } from './read-input';
import type { StreamedTask } from './stream-task';
import type { ExecuteOptions, StreamTaskOptions, TaskSettings } from './task/task-options';

/** What `execute` of a defined task gets. */
export interface DefinedExecuteOptions<
  Input,
  StepName extends string,
  Value,
  Data extends UIDataTypes = UIDataTypes,
> extends Omit<ExecuteOptions<Input, StepName, Value>, 'writer'> {
  /** Takes ordinary AI SDK chunks, by `write` and `merge`. */
  readonly writer: UIMessageStreamWriter<UIMessage<unknown, Data>>;
  /**
   * The request that started the task; its body has been read. `undefined` when the definition's
   * `start` was called without a `request`.
   */
  readonly request: Request | undefined;
  /** The route's parameters, where the host has them; else empty. */
  readonly params: Readonly<Record<string, string | string[] | undefined>>;
}

export interface DefineTaskOptions<
  Schema extends StandardSchemaV1 | undefined,
  Result,
  Steps extends Record<string, number>,
  Value,
  Data extends UIDataTypes = UIDataTypes,
> extends Omit<TaskSettings<Result>, 'streamContext' | 'waitUntil' | 'whenUnavailable'> {
  /**
   * Names the task on the page and in records. A route serves tasks of its definition's name only, so
   * tasks for different people need different names.
   */
  name: string;
  /** Checks the input of a request; any Standard Schema. Default: the input is passed as it came. */
  input?: Schema;
  /**
   * Gives one item of the incremental result its type, for `task.partial` and on the page. The
   * schema is not run, because the server itself makes these values.
   */
  partial?: StandardSchemaV1<unknown, Value>;
  /**
   * Gives the data parts that the work writes their types, by their names without `data-`. The
   * schemas are not run. Default: any name, any data.
   */
  dataPartSchemas?: { readonly [Name in keyof Data]: StandardSchemaV1<unknown, Data[Name]> };
  /** Phases by name with their weights. */
  steps?: Steps;
  /** The work. What it returns is the task's result. */
  execute: (
    options: DefinedExecuteOptions<OutputOf<Schema>, keyof Steps & string, Value, Data>,
  ) => Promise<Result> | Result;
}

/** What `execute` gets as its input. */
export type OutputOf<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<Schema>
  : unknown;

type InputOf<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferInput<Schema>
  : unknown;

/** Options of a definition's `start`; they win over those of the definition. */
export interface StartDefinedTaskOptions<Result = unknown>
  extends Omit<
    StreamTaskOptions<never, Result, never, never>,
    'name' | 'execute' | 'input' | 'steps'
  > {
  /** Handed to `execute`, where the code that starts the task has a request. */
  request?: Request;
  /** Handed to `execute`. Default: empty. */
  params?: DefinedExecuteOptions<never, never, never>['params'];
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
> extends TaskTypes<InputOf<Schema>, Result, Value, keyof Steps & string> {
  readonly options: DefineTaskOptions<Schema, Result, Steps, Value, Data>;
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
>(
  options: DefineTaskOptions<Schema, Result, Steps, Value, Data>,
): TaskDefinition<Schema, Result, Steps, Value, Data> {
  checkDefinition(options);
  return {
    options,
    start(...[input, { request, params = {}, ...settings } = {}]) {
      // The schema takes the input as it is: a `transformer` is for inputs that come by a request.
      const check = () => readInput(input, { schema: options.input, transformer: undefined });
      return claimDefinedTask(options, {
        ...settings,
        readInput: async () => (await check()) as OutputOf<Schema>,
        request,
        params,
      }).task;
    },
  };
}
