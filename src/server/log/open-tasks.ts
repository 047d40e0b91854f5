import type { StoredWork } from './task-attempts';
import type { OpenTaskOptions } from './task-stream-context';

/**
 * An open task that is the caller's to look at: somebody may have to take it up, to close it, or to
 * save its outcome.
 */
export interface DueTask {
  readonly taskId: string;
  /** The definition that the task is of. Absent: none. */
  readonly definition?: string | undefined;
  /**
   * When the task was opened, as its record has it, in epoch milliseconds. The entry may be there a
   * moment before the task is, and stays without one if the process was lost in between.
   */
  readonly createdAt: number;
  /** Names the entry for the context that has given it. */
  readonly entry: string;
  /** Until when it is nobody else's, in epoch milliseconds by the storage's clock. */
  readonly until: number;
}

export interface DueTasksOptions {
  /** The definitions whose tasks are wanted; `undefined` among them: tasks that are of none. */
  definitions: readonly (string | undefined)[];
  /** How many tasks at most. */
  limit: number;
  /** How long each of them is nobody else's to look at, in milliseconds. */
  leaseMs: number;
}

/**
 * How long after its opening somebody has to look at a task, in milliseconds: when the lease of its
 * first runner may be over or, if it waits for one, at once when it may be taken. Whoever opens a task
 * for a queue has as long as a lease to ask the queue for a worker.
 *
 * @param options.delayMs Set when the task waits: how long nobody may take it.
 */
export function dueIn({
  work,
  delayMs,
  leaseMs,
}: {
  work: Pick<StoredWork, 'runner'> | undefined;
  delayMs: number | undefined;
  leaseMs: number;
}): number {
  if (delayMs === undefined) return leaseMs;
  return work?.runner === 'any' ? delayMs : delayMs + leaseMs;
}

/**
 * The number of the last of a task's first frames that an attempt without a checkpoint keeps. The last
 * one of all is a snapshot: that of a task which waits stays, so that its readers have sent nothing void
 * when it begins, and that of the first attempt goes with the attempt.
 */
export function lastKept({ frames, waits }: Pick<OpenTaskOptions, 'frames' | 'waits'>): number {
  return frames.length - (waits ? 1 : 2);
}
