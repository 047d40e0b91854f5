import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { UIDataTypes, UIMessage, UIMessageStreamWriter } from 'ai';
import type { TaskTypes } from '../protocol/task-types';
import { checkDefinition } from './check-definition';
import type { ExecuteOptions, TaskSettings } from './task/task-options';

/** What `execute` of a defined task gets. */
export interface DefinedExecuteOptions<
  Input,
  StepName extends string,
  Value,
  Data extends UIDataTypes = UIDataTypes,
> extends Omit<ExecuteOptions<Input, StepName, Value>, 'writer'> {
  /** Takes ordinary AI SDK chunks, by `write` and `merge`. */
  readonly writer: UIMessageStreamWriter<UIMessage<unknown, Data>>;
  /** The request that started the task. Its body has been read. */
  readonly request: Request;
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
   * Names the task on the page and in records. A route serves tasks of its own name only: name tasks
   * apart that are for different people.
   */
  name: string;
  /** Checks the input of a request; any Standard Schema. Default: the input is passed as it came. */
  input?: Schema;
  /**
   * Gives one item of the incremental result its type, for `task.partial` and on the page. What
   * the server itself makes is not checked.
   */
  partial?: StandardSchemaV1<unknown, Value>;
  /**
   * Gives the data parts that the work writes their types, by their names without `data-`. They are
   * not checked either. Default: any name, any data.
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

/** A task that a route can serve, and whose types the page can infer. */
export interface TaskDefinition<
  Schema extends StandardSchemaV1 | undefined,
  Result,
  Steps extends Record<string, number>,
  Value,
  Data extends UIDataTypes = UIDataTypes,
> extends TaskTypes<InputOf<Schema>, Result, Value, keyof Steps & string> {
  readonly options: DefineTaskOptions<Schema, Result, Steps, Value, Data>;
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
  return { options };
}
