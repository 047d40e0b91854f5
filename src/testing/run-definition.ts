import type { UIMessageChunk } from 'ai';
import { TaskError, type TaskErrorData, type TaskTypes } from '../protocol/index';
import { createTaskId } from '../protocol/task-id';
import type { Jsonified } from '../protocol/task-types';
import {
  createMemoryStreamContext,
  type StartDefinedTaskOptions,
  type StreamedTask,
  type TaskStreamContext,
  type TaskTransformer,
} from '../server/index';
import { receiveFrames } from './contract/reading';
import { type SeenTask, seeTask } from './seen-task';

/** What `runDefinition` needs of a definition; whatever `defineTask` returns fits. */
export interface RunnableDefinition<Input, Result> {
  readonly options: {
    readonly transformer?: Pick<TaskTransformer, 'stringify'> | TaskTransformer;
    readonly onError?: (error: unknown, context: { taskId: string }) => void;
  };
  start(input: Input, options: StartDefinedTaskOptions<Result>): StreamedTask<Result>;
}

/** Options of `runDefinition`; they win over those of the definition. */
export interface RunDefinitionOptions<Input, Result>
  extends Omit<StartDefinedTaskOptions<Result>, 'abortSignal' | 'streamContext' | 'waitUntil'> {
  /** The input, as a page would give it; the definition checks it. */
  input?: Input;
  /** Cancels the task when it aborts. */
  signal?: AbortSignal;
}

/** How a task ran. Partial results are what JSON makes of them, unless there is a transformer. */
export interface DefinitionRun<Result = unknown, Value = unknown, StepName extends string = string>
  extends Omit<SeenTask<Jsonified<Result>, Jsonified<Value>, StepName>, 'result'> {
  /** What `execute` returned, once the task is completed. */
  readonly result: Result | undefined;
  /** Why the task was not started, such as for an input that does not fit. */
  readonly refusal: TaskErrorData | undefined;
  /** What `onError` was told: errors as they were thrown, which pages do not see. */
  readonly errors: readonly unknown[];
}

/** How long the log is kept after the task, in milliseconds: long enough to be read. */
const retentionMs = 60_000;

/**
 * Runs a defined task without a route or a page, in a storage of its own, and tells how it went.
 * Resolves once the task is over and `onSettle` has returned; it does not reject, however the task
 * ends.
 */
export async function runDefinition<Input, Result, Value, StepName extends string>(
  definition: RunnableDefinition<Input, Result> & TaskTypes<Input, Result, Value, StepName>,
  { input, signal, onError, ...settings }: RunDefinitionOptions<Input, Result> = {},
): Promise<DefinitionRun<Result, Value, StepName>> {
  const { options } = definition;
  const streamContext = createMemoryStreamContext({ scope: createTaskId(), retentionMs });
  const errors: unknown[] = [];
  const tellError = onError ?? options.onError;
  let released: Promise<unknown> | undefined;
  // The cast lets a test leave out an input that is required: the definition checks that itself.
  const task = definition.start(input as Input, {
    ...settings,
    streamContext,
    abortSignal: signal,
    onError(error, context) {
      errors.push(error);
      tellError?.(error, context);
    },
    waitUntil(promise) {
      released = promise;
    },
  });
  const end = await task.consume().catch(toRefusal);
  const chunks = await readLog(streamContext, task.taskId, settings.owner);
  await released;
  const transformer =
    options.transformer && 'parse' in options.transformer ? options.transformer : undefined;
  const seen = seeTask<Jsonified<Result>, Jsonified<Value>, StepName>(chunks, transformer);
  return 'refusal' in end
    ? { ...seen, result: undefined, refusal: end.refusal, errors }
    : { ...seen, result: end.result, refusal: undefined, errors };
}

/** Why a task was not started. */
function toRefusal(error: unknown): { refusal: TaskErrorData } {
  if (TaskError.isInstance(error)) return { refusal: error.toJSON() };
  throw error;
}

/** The chunks of a task that is over, as they were written. */
async function readLog(
  streamContext: TaskStreamContext,
  taskId: string,
  owner: string | undefined,
): Promise<UIMessageChunk[]> {
  const reader = await streamContext.read(taskId, { owner });
  if (!reader) return [];
  const frames = await receiveFrames(reader);
  reader.close();
  return frames.map(({ data }) => JSON.parse(data));
}
