import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { DefineTaskOptions, TaskChat } from './define-task';
import type { TaskRetry } from './task/retry-options';

/**
 * The options of a definition without the types of its values, which only the definition itself and
 * the page know. Whatever `defineTask` takes fits.
 */
export interface PlainDefinition<Result = never>
  extends Omit<
    DefineTaskOptions<StandardSchemaV1 | undefined, Result, Record<string, number>, never>,
    'chat' | 'checkpoint' | 'context' | 'dataPartSchemas' | 'execute' | 'partial' | 'retry'
  > {
  retry?: TaskRetry;
  context?: (options: {
    request: Request | undefined;
    params: Readonly<Record<string, string | string[] | undefined>>;
  }) => unknown;
  chat?: (options: { input: never; context: never }) => Promise<TaskChat> | TaskChat;
  execute: (options: never) => unknown;
}
