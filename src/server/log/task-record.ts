import type { TaskStatus } from '../../protocol/task-parts';

/** Where a task stands. */
export interface TaskRecord {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly owner?: string;
  readonly chatId?: string;
  readonly name?: string;
  /** The definition that the task is of, if a route or a definition's `start` has started it. */
  readonly definition?: string;
  /** The last frame in the log, as its `id` names it: `epoch-n`. */
  readonly cursor: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** The same by the storage's clock, if it has one of its own. Default: `createdAt`. */
  readonly openedAt?: number;
  /**
   * Whether the task is over and the host does not have the outcome yet: the host is being told now,
   * or the process that had to tell it was lost or has failed to.
   */
  readonly isUnsaved?: boolean;
  /**
   * Whether the task is `running` although its process gives no sign of life any more. Where the
   * context can close such a task, inspecting it has that done.
   */
  readonly isLost?: boolean;
  /** Which attempt runs or has run last, counted from 1; 0 before the first. Absent without `work`. */
  readonly attempt?: number;
  /** Whether the task waits for a runner. Its status is `pending` then. */
  readonly isWaiting?: boolean;
  /** Before which time nobody may take a task that waits, in epoch milliseconds. */
  readonly notBefore?: number;
  /**
   * Which runners may take a task that waits: `any`, or `queue:` and the name of a queue. Absent without
   * `work`, and once the task is over.
   */
  readonly runner?: string;
  /** The version of the definition that the stored work is of. Absent where `runner` is. */
  readonly version?: number;
  /** The priority that is in the stored work, if there is one. Absent where `runner` is. */
  readonly priority?: number;
}

/** What a record tells of a task that may be attempted again. */
export type AttemptsRecord = Pick<
  TaskRecord,
  'attempt' | 'isWaiting' | 'notBefore' | 'runner' | 'version' | 'priority'
>;
