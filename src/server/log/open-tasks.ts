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
