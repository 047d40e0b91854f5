import type { Cursor } from '../../protocol/cursor';
import type { TaskData } from '../../protocol/task-parts';
import type { TaskLog } from './task-stream-context';

/** Where the next attempt of a task begins: at its newest checkpoint, or where the work begins. */
export interface AttemptStart {
  /** The checkpoint's index; -1 is the beginning of the work, behind the `start` chunk. */
  readonly index: number;
  /** The checkpoint's value, as JSON. Absent at the beginning. */
  readonly value?: string;
  /** How many log lines the task had there. */
  readonly logs: number;
  /** How many partial results it had. */
  readonly partials: number;
  /** The task's snapshot there. */
  readonly snapshot: TaskData;
  /** Snapshots of the tasks within it that were running there, in the order of their starting. */
  readonly nested: readonly TaskData[];
}

/** What another process needs to attempt a task again. It is kept until the task settles. */
export interface StoredWork {
  /** The input as it came, as JSON. Default: none. */
  readonly input?: string;
  /** What the definition's `context` gave, as JSON. Default: none. */
  readonly context?: string;
  /** The version of the definition. */
  readonly version: number;
  /** Which runners may take the task: `any`, or `queue:` and the name of a queue. */
  readonly runner: string;
  /** How many attempts may be made in a row without a checkpoint between them. */
  readonly attempts: number;
  /** How many attempts may be made in all. */
  readonly maxTotal: number;
  /** How long the task may wait for a runner, each time, in milliseconds. */
  readonly maxWaitMs: number;
  /** With which priority its queue calls the first runner, as that counts. Default: the queue's own. */
  readonly priority?: number;
  /**
   * When the task has to be over, in milliseconds from the beginning of the first attempt, by the
   * storage's clock. Default: no deadline.
   */
  readonly deadlineMs?: number;
}

export interface HandOverOptions {
  /** How long nobody may take the task, in milliseconds. Default 0. */
  delayMs?: number;
  /**
   * Whether the attempt does not count, because its process has to go. Up to ten such attempts in a
   * row without a checkpoint. Default false.
   */
  isFree?: boolean;
}

/**
 * What came of handing a task over. `waiting`: it waits for a runner now. `refused`: no attempts are
 * left, or the storage is away; the task has to be settled. `cancelled`: a cancel had been accepted,
 * so the task has to be settled as `cancelled`. `closed`: somebody else has closed or taken it.
 */
export type HandOverAnswer = 'waiting' | 'refused' | 'cancelled' | 'closed';

export interface TakeTaskOptions {
  /** Names this take: a repeat with the same token gets the same answer. */
  token: string;
  /** The kind of runner that asks, which must be the task's own: `any`, or `queue:` and a name. */
  runner: string;
  /** The definition that the task has to be of. */
  definition: string;
  /** The version of that definition. Tasks of a later one are left to others. */
  version: number;
  /** How long the producer counts as alive after its last sign, in milliseconds. */
  leaseMs: number;
  /** See `OpenTaskOptions`. Default 5,000. */
  graceMs?: number;
}

/** A task that a runner has taken. */
export interface TakenTask {
  /** The log, to which the first frames of the attempt have been added. */
  readonly log: TaskLog;
  readonly work: StoredWork;
  /** Where this attempt begins. */
  readonly start: AttemptStart;
  /** The last frame before those of this attempt that is not void. */
  readonly last: Cursor;
  readonly owner?: string;
  readonly name?: string;
  readonly chatId?: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Whether the host has to be told of the outcome. */
  readonly savesOutcome: boolean;
  /** What the task was opened with as `continued`. */
  readonly continued?: string;
  /** What is left until the deadline, in milliseconds. Absent: there is none. */
  readonly deadlineLeftMs?: number;
}
