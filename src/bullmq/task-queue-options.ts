import type {
  ConnectionOptions,
  JobsOptions,
  QueueOptions,
  RepeatOptions,
  WorkerOptions,
} from 'bullmq';
import type { InferTaskInput, InferTaskResult } from '../protocol/task-types';
import type { SupervisedTask } from '../server/check-tasks';
import type { StartDefinedTaskOptions } from '../server/define-task';
import type { TaskRunnerQueue } from '../server/log/task-queue';
import type { TaskStreamContext } from '../server/log/task-stream-context';
import type { StreamedTask } from '../server/stream-task';
import type { BullQueue, BullQueueClass, BullWorkerClass } from './bull-classes';

/** Options of `createTaskQueue`. Those that are not listed here are BullMQ's own, of its queues. */
export interface CreateTaskQueueOptions extends Omit<QueueOptions, 'connection'> {
  /**
   * Where the tasks and their logs live: `createRedisStreamContext()`, the same for those who start
   * tasks and for the workers. Its Redis may be another one than the queue's.
   */
  streamContext: TaskStreamContext;
  /** The definitions of the tasks that go through this queue. */
  tasks: readonly SupervisedTask[];
  /**
   * How BullMQ connects to Redis: `{ url }`, `{ host, port }`, or a client. With a client, set its
   * `enableOfflineQueue` to false, so that starts fail at once while Redis is away. Default: that of
   * `queue`.
   */
  connection?: ConnectionOptions;
  /** The queue's name, also to BullMQ: without a colon. Default: that of `queue`, or `tasks`. */
  name?: string;
  /** A queue of your own, which you close yourself. All of its jobs must be tasks. */
  queue?: BullQueue;
  /** The class `Queue`, if it is to be another one than that of `bullmq`. */
  Queue?: BullQueueClass;
  /** The class `Worker`, if it is to be another one than that of `bullmq`. */
  Worker?: BullWorkerClass;
  /** How long a task may wait for a worker, in milliseconds, if its definition has no `maxWaitMs`. Default 604,800,000 (7 d). */
  maxWaitMs?: number;
  /** How long Redis may take to answer, in milliseconds, before a start is refused. Default 5,000. */
  commandTimeoutMs?: number;
  /**
   * Gets what goes wrong with the queue or a worker; without a `taskId` it is about none. Default:
   * `console.error`.
   */
  onError?: (error: unknown, context: { taskId: string }) => void;
}

/** Options of a queue's `start`: those of the task, and those of BullMQ for its job. */
export interface StartQueuedTaskOptions
  extends Pick<
      StartDefinedTaskOptions,
      | 'taskId'
      | 'owner'
      | 'chatId'
      | 'concurrent'
      | 'deadlineMs'
      | 'heartbeatMs'
      | 'onError'
      | 'params'
      | 'request'
    >,
    Pick<JobsOptions, 'delay' | 'keepLogs' | 'lifo' | 'priority' | 'sizeLimit' | 'telemetry'> {}

/** What a queue's `start` takes beside the definition. */
export type StartQueuedTaskArguments<Task> =
  undefined extends InferTaskInput<Task>
    ? [input?: InferTaskInput<Task>, options?: StartQueuedTaskOptions]
    : [input: InferTaskInput<Task>, options?: StartQueuedTaskOptions];

/** Options of a queue's `work`. Those that are not listed here are BullMQ's own, of its workers. */
export interface WorkOptions
  extends Omit<
    WorkerOptions,
    | 'autorun'
    | 'connection'
    | 'prefix'
    | 'useWorkerThreads'
    | 'workerForkOptions'
    | 'workerThreadsOptions'
  > {
  /** How BullMQ connects to Redis. Default: as the queue does. */
  connection?: ConnectionOptions;
  /**
   * The heartbeat of tasks that are run here, in milliseconds, unless their definition has one. A lost
   * worker is found within three of them. Default 5,000.
   */
  heartbeatMs?: number;
}

/** A worker that runs tasks of a queue. */
export interface TaskWorker {
  /**
   * Takes nothing more, and resolves when all that runs here is over. To hand it over to other workers
   * instead, drain the stream context, which does this, too. Idempotent.
   */
  close(): Promise<void>;
}

/** When a task is started again and again, by BullMQ's own options. */
export type TaskRepeat = Omit<RepeatOptions, 'key' | 'jobId'>;

/** A queue of tasks, on BullMQ. Pass it to `createTaskRoute`. */
export interface TaskQueue extends TaskRunnerQueue {
  /**
   * Starts a task that a worker runs, from server code or a cron job, or joins the task that has the same
   * `taskId`. While the queue is away, the promises of the task reject with `context-unavailable`, and it
   * is not there.
   *
   * @throws TaskError `invalid-options`.
   */
  start<Task extends SupervisedTask>(
    task: Task,
    ...given: StartQueuedTaskArguments<Task>
  ): StreamedTask<InferTaskResult<Task>>;
  /**
   * Starts a task at each of some times, once however many processes call this with the same id. The
   * newest call counts.
   *
   * @throws TaskError `invalid-input`, `invalid-options`.
   */
  schedule<Task extends SupervisedTask>(
    id: string,
    task: Task,
    input: InferTaskInput<Task>,
    repeat: TaskRepeat,
    options?: Pick<StartQueuedTaskOptions, 'owner' | 'priority'>,
  ): Promise<void>;
  /** Ends a schedule. `false`: there is none of that id. */
  unschedule(id: string): Promise<boolean>;
  /**
   * Runs tasks of this queue in this process until it is closed, or the stream context drains.
   *
   * @throws TaskError `invalid-options`.
   */
  work(options?: WorkOptions): TaskWorker;
  /** Closes the workers of this process, and the queue's connection. Idempotent. */
  close(): Promise<void>;
}
