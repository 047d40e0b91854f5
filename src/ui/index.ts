export { type CreateTaskStream, createTaskStream } from './create-task-stream';
export type {
  ReconnectOptions,
  TaskClientOptions,
  TaskRequestHeaders,
} from './task-client-options';
export type {
  ResumeTaskOptions,
  StartTaskOptions,
  TaskConnection,
  TaskEnd,
  TaskStream,
  TaskStreamOptions,
  TaskStreamState,
  TaskTransformer,
  UnsettledTask,
} from './task-stream-types';
