import type { OpenTaskOptions } from './task-stream-context';

/** A task that is to be opened, as far as it does not matter who opens it. */
export type QueuedOpening = Omit<OpenTaskOptions, 'token' | 'waits'>;

/** An attempt at a task that a worker of a queue is to make. */
export interface QueuedAttempt {
  readonly taskId: string;
  readonly definition: string;
  /** Which attempt, counted from 1. */
  readonly attempt: number;
  /** How long no worker may begin, in milliseconds. Default 0. */
  readonly delayMs?: number;
  /** Of the first attempt: the priority that the task was started with. Later ones go before all others. */
  readonly priority?: number;
  /** What the task was opened with, for a worker that finds that the storage has lost it. */
  readonly opening?: QueuedOpening;
  /**
   * Whether the task was opened just now, so that nobody has asked for a worker before, and its opening
   * is taken back if it is not known in time that the queue has the call. Default false.
   */
  readonly isJustOpened?: boolean;
}

/**
 * What a queue says when it is asked for an attempt. `asked`: a worker will come. `held`: a worker has
 * the call since before, and may be gone with it.
 */
export type QueueAnswer = 'asked' | 'held';

/** A queue whose workers run tasks that other processes have started. */
export interface TaskRunnerQueue {
  /** The kind of runner that its workers are: `queue:` and its name. */
  readonly runner: string;
  /** How long a task may wait for a worker, each time, in milliseconds. */
  readonly maxWaitMs: number;
  /**
   * The names of the definitions whose tasks its workers run, if the queue knows them. A route of another
   * one refuses the queue, because its tasks would wait in vain. Default: those of any.
   */
  readonly definitions?: readonly string[];
  /**
   * Asks for an attempt. Idempotent: asked again for the same attempt, the queue calls another worker
   * only if the one that it has called has not begun for a while.
   *
   * @throws when it is not known that the queue has it, after some seconds at most.
   */
  enqueue(attempt: QueuedAttempt): Promise<QueueAnswer>;
  /** Takes back what was asked for, where no worker has begun. Never rejects. */
  remove(attempt: Pick<QueuedAttempt, 'taskId' | 'attempt'>): Promise<void>;
}
