'use client';

export type {
  ReconnectOptions,
  ResumeTaskOptions,
  StartTaskOptions,
  TaskClientOptions,
  TaskConnection,
  TaskEnd,
  TaskRequestHeaders,
  TaskStreamState,
  TaskTransformer,
  UnsettledTask,
} from '..';
export { useTaskStream } from './use-task-stream';
export type { UseTaskStreamOptions, UseTaskStreamResult } from './use-task-stream-types';
