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
  /**
   * Whether the input is the turn of a chat: it is told with the outcome, also by another process, and
   * the work gets to know the turns before it.
   */
  isTurn?: boolean;
  /** What the host has written of `execute`, by which definitions are told apart. Default: `execute`. */
  work?: (options: never) => unknown;
  retry?: TaskRetry;
  context?: (options: {
    request: Request | undefined;
    params: Readonly<Record<string, string | string[] | undefined>>;
  }) => unknown;
  chat?: (options: { input: never; context: never }) => Promise<TaskChat> | TaskChat;
  execute: (options: never) => unknown;
}
