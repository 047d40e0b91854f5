export { type CancelTaskOptions, cancelTask } from './cancel-task';
export {
  createMemoryStreamContext,
  type MemoryStreamContextOptions,
} from './context/memory-stream-context';
export type { ResumableStreamContext } from './context/resumable-stream-context';
export type {
  CancelOptions,
  FrameRange,
  OpenTaskOptions,
  OutcomeClaim,
  OutcomeClaiming,
  ReadTaskOptions,
  SettleTaskOptions,
  TaskLog,
  TaskReader,
  TaskRecord,
  TaskStreamContext,
} from './context/task-stream-context';
export {
  type ToResumableStreamContextOptions,
  toResumableStreamContext,
} from './context/to-resumable-stream-context';
export { createTaskRoute } from './create-task-route';
export {
  type DefinedExecuteOptions,
  type DefineTaskOptions,
  defineTask,
  type StartDefinedTaskArguments,
  type StartDefinedTaskOptions,
  type TaskDefinition,
} from './define-task';
export type { ToUIMessageStreamOptions } from './http/chunk-stream';
export type { NodeResponse } from './http/pipe-to-node-response';
export type { TaskResponseInit } from './http/responses';
export type { NodeRequest } from './http/to-web-request';
export { type ResumedTask, type ResumeTaskOptions, resumeTask } from './resume-task';
export { type StreamedTask, streamTask } from './stream-task';
export type { RunNestedTask, RunNestedTaskOptions } from './task/nested-tasks';
export type {
  ExecuteOptions,
  StreamTaskOptions,
  TaskSettings,
  TaskSettleEvent,
  TaskTransformer,
} from './task/task-options';
export type { StepReporter, TaskReporter } from './task/task-reporter';
export type {
  CreateTaskRouteOptions,
  TaskAction,
  TaskRoute,
  TaskRouteContext,
  TaskRouteHandler,
} from './task-route';
export { toNodeHandler } from './to-node-handler';
