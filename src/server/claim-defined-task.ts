import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { UIDataTypes, UIMessage } from 'ai';
import type { DefineTaskOptions, OutputOf, StartDefinedTaskOptions } from './define-task';
import { type ClaimedTask, claimTask } from './stream-task';

/** What a defined task is started with; these settings win over those of the definition. */
interface DefinedRun<Result, Input> extends StartDefinedTaskOptions<Result> {
  /** Resolves with the checked input. When it rejects, the task is refused and nothing is started. */
  readInput: () => Promise<Input>;
  params: NonNullable<StartDefinedTaskOptions['params']>;
}

/** Starts or joins a task of a definition. Only routes of that definition serve the task. */
export function claimDefinedTask<
  Schema extends StandardSchemaV1 | undefined,
  Result,
  Steps extends Record<string, number>,
  Value,
  Data extends UIDataTypes,
>(
  {
    execute,
    input: _input,
    partial: _partial,
    dataPartSchemas: _parts,
    ...defaults
  }: DefineTaskOptions<Schema, Result, Steps, Value, Data>,
  { readInput, request, params, ...settings }: DefinedRun<Result, OutputOf<Schema>>,
): ClaimedTask<Result> {
  return claimTask<Result, OutputOf<Schema>, Steps, Value, UIMessage>(
    {
      ...defaults,
      ...settings,
      transformer: settings.transformer ?? defaults.transformer,
      execute: (options) => execute({ ...options, request, params }),
    },
    { definition: defaults.name, readInput },
  );
}
