'use client';

export type {
  FollowOptions,
  ReconnectOptions,
  ResumeTaskOptions,
  StartTaskArguments,
  StartTaskOptions,
  TaskCancel,
  TaskClientOptions,
  TaskConnection,
  TaskEnd,
  TaskRequestHeaders,
  TaskStreamState,
  TaskStreamStatus,
  TaskTransformer,
  UnsettledTask,
} from '..';
export { useTaskStream } from './use-task-stream';
export type {
  UseMessageTaskOptions,
  UseMessageTaskResult,
  UseTaskStreamOptions,
  UseTaskStreamResult,
} from './use-task-stream-types';
