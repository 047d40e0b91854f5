import type {
  InferTaskInput,
  InferTaskPartial,
  InferTaskResult,
  InferTaskStep,
  Jsonified,
} from '../protocol/task-types';
import { createTaskStore } from './create-task-store';
import type { TaskStream, TaskStreamOptions, TaskTransformer } from './task-stream-types';

/** What `createTaskStream` is: the types of the task come from the type argument. */
export interface CreateTaskStream {
  /** With a transformer, values have the types that they have on the server. */
  <Task = unknown>(
    options: TaskStreamOptions<InferTaskResult<Task>, InferTaskPartial<Task>> & {
      transformer: TaskTransformer;
    },
  ): TaskStream<
    InferTaskInput<Task>,
    InferTaskResult<Task>,
    InferTaskPartial<Task>,
    InferTaskStep<Task>
  >;
  /** Without one, results and partial results are what JSON makes of them. */
  <Task = unknown>(
    options: TaskStreamOptions<Jsonified<InferTaskResult<Task>>, Jsonified<InferTaskPartial<Task>>>,
  ): TaskStream<
    InferTaskInput<Task>,
    Jsonified<InferTaskResult<Task>>,
    Jsonified<InferTaskPartial<Task>>,
    InferTaskStep<Task>
  >;
}

/**
 * Creates a store that starts tasks and follows them. It opens no connection by itself. Give it
 * the task's type, `createTaskStream<typeof generateImage>(…)`, to have input, result, partial
 * results and steps typed.
 */
// The store takes the names of steps as they come; only the task's type knows them.
export const createTaskStream: CreateTaskStream = createTaskStore as CreateTaskStream;
