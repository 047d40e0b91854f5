export type { Cursor } from '../protocol/cursor';
export { type CancelTaskOptions, cancelTask } from './cancel-task';
export { applyTurn } from './chat/apply-turn';
export { changesBetween } from './chat/changes-between';
export { type ChatBody, readBodyFields, readChatBody } from './chat/chat-body';
export type {
  AppliedTurn,
  ChatChanges,
  ChatSchemas,
  ChatTrigger,
  ChatTurn,
} from './chat/chat-types';
export { checkMessage } from './chat/check-message';
export { hasAnswer } from './chat/has-answer';
export { migrateMessages } from './chat/migrate-messages';
export { type PlaceAnswerOptions, type PlacedAnswer, placeAnswer } from './chat/place-answer';
export { readChatId } from './chat/read-chat-id';
export type { SupervisedTask } from './check-tasks';
export {
  type DefinedExecuteOptions,
  type DefineTaskOptions,
  defineTask,
  type StartDefinedTaskArguments,
  type StartDefinedTaskOptions,
  type TaskChat,
  type TaskDefinition,
} from './define-task';
export { type DrainOnSignalOptions, drainOnSignal } from './drain-on-signal';
export type { ToUIMessageStreamOptions } from './http/chunk-stream';
export type { NodeResponse } from './http/pipe-to-node-response';
export type { TaskResponseInit } from './http/responses';
export type { NodeRequest } from './http/to-web-request';
export { attemptFrames } from './log/attempt-frames';
export { checkedContext } from './log/checked-context';
export { drainableContext } from './log/drainable-context';
export type { DrainControl, Draining, DrainOptions, LeavingResponse } from './log/draining';
export { createFrameLog, type FrameLog, type FrameLogOptions } from './log/frame-log';
export { createLostTask, type LostTask, type LostTaskOptions } from './log/lost-frames';
export type { DueTask, DueTasksOptions } from './log/open-tasks';
export type { OutcomeClaim, OutcomeClaiming } from './log/outcome-claim';
export type { ResumableStreamContext } from './log/resumable-stream-context';
export type {
  AttemptStart,
  HandOverAnswer,
  HandOverOptions,
  StoredWork,
  TakenTask,
  TakeTaskOptions,
} from './log/task-attempts';
export type { QueueAnswer, QueuedAttempt, QueuedOpening, TaskRunnerQueue } from './log/task-queue';
export type { FrameRange, TaskReader } from './log/task-reader';
export type { TaskRecord } from './log/task-record';
export type {
  CancelOptions,
  OpenTaskOptions,
  ReadTaskOptions,
  SettleTaskOptions,
  TaskLog,
  TaskStreamContext,
} from './log/task-stream-context';
export {
  createMemoryStreamContext,
  type MemoryStreamContextOptions,
} from './memory/memory-stream-context';
export type { SuperviseCounts } from './recovery/supervision';
export {
  type ToResumableStreamContextOptions,
  toResumableStreamContext,
} from './resumable/to-resumable-stream-context';
export { type ResumedTask, type ResumeTaskOptions, resumeTask } from './resume-task';
export type {
  ChatExecuteOptions,
  ChatHandlers,
  ChatOfOwner,
  ChatRoute,
  CreateChatRouteOptions,
  FirstTurnOptions,
  SaveChatOptions,
} from './route/chat/chat-route';
export { createChatRoute } from './route/create-chat-route';
export { createTaskRoute } from './route/create-task-route';
export type {
  CreateTaskRouteOptions,
  TaskAction,
  TaskRoute,
  TaskRouteContext,
  TaskRouteHandler,
} from './route/task-route';
export { toNodeHandler } from './route/to-node-handler';
export { type StreamedTask, streamTask } from './stream-task';
export {
  type SuperviseTasksOptions,
  superviseOnce,
  superviseTasks,
  type TaskSupervisor,
} from './supervise-tasks';
export { type TakeTaskSettings, takeTask } from './take-task';
export type { TaskRetry } from './task/retry-options';
export type { TaskEnd as TakenTaskEnd } from './task/run-attempts';
export type { RunTimeOptions } from './task/run-time';
export type {
  ExecuteOptions,
  StreamTaskOptions,
  TaskSettings,
  TaskSettleEvent,
  TaskTransformer,
} from './task/task-options';
export type {
  RunNestedTask,
  RunNestedTaskOptions,
  StepReporter,
  TaskAttempt,
  TaskReporter,
} from './task/task-reporter';
