export type {
  BullJob,
  BullQueue,
  BullQueueClass,
  BullWorker,
  BullWorkerClass,
} from './bull-classes';
export { createTaskQueue } from './create-task-queue';
export type {
  CreateTaskQueueOptions,
  StartQueuedTaskArguments,
  StartQueuedTaskOptions,
  TaskQueue,
  TaskRepeat,
  TaskWorker,
  WorkOptions,
} from './task-queue-options';
