export type { ChatTypes, InferChatMessage } from './chat-types';
export { TaskError, type TaskErrorCode, type TaskErrorData } from './task-error';
export {
  isTaskPart,
  type TaskCheckpointData,
  type TaskChunk,
  type TaskData,
  type TaskErrorPartData,
  type TaskHeartbeatData,
  type TaskLogData,
  type TaskLogLevel,
  type TaskOutcome,
  type TaskPartialData,
  type TaskProgress,
  type TaskRewindData,
  type TaskSettlement,
  type TaskStatus,
  type TaskStep,
  type TaskUIDataTypes,
  type TaskUIMessage,
} from './task-parts';
export { estimateRemainingMs, taskPercent } from './task-progress';
export { taskDataPartSchemas } from './task-schemas';
export {
  initialTaskState,
  reduceTaskChunk,
  type TaskCheckpoint,
  type TaskState,
} from './task-state';
export type { TaskTypes } from './task-types';
export { withoutTaskParts } from './without-task-parts';
