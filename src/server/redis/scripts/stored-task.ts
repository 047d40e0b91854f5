import type { Cursor } from '../../../protocol/cursor';
import type { TaskError } from '../../../protocol/task-error';
import type { TaskOutcome } from '../../../protocol/task-parts';
import type { KnownTask } from '../../log/known-task';
import type { LogEntry } from '../../log/log-part';
import type { CancelOptions } from '../../log/task-stream-context';
import type { ChannelListener } from '../client/channel-connection';
import type { KeptAttempts, KeptStart } from './stored-attempts';
import type { StoredLog, StoredRecord } from './stored-log';

/** How long a running task is kept after its last sign, in milliseconds. */
export const runningTtlMs: number = 24 * 60 * 60 * 1000;

// The answers of the scripts, under the names that the scripts use.
export const commitAnswers = [
  'stored',
  'behind',
  'refused',
  'gone',
  'fenced',
  'cancelled',
  'waiting',
  'exhausted',
] as const;
export const cancelAnswers = ['asked', 'waits', 'kept', 'refused'] as const;
export const closeAnswers = ['wait', 'ready', 'changed', 'closed'] as const;

/** What a task's record says from the start. */
export interface TaskDetails extends KnownTask {
  readonly leaseMs: number;
  /** The channel of the process where the task runs. */
  readonly home: string;
  /** Whether the host has to be told of the outcome. */
  readonly savesOutcome: boolean;
  /** The message that the task continues, as JSON, for another process that may tell the host. */
  readonly continued: string | undefined;
}

/** The beginning of a log. */
export interface Opening {
  readonly token: string;
  /** The token with which the log was opened first. Default: `token`. */
  readonly log?: string;
  /** Set when a lost log is begun anew: its first epoch, and the epoch in which it goes on. */
  readonly epochs?: { readonly first: number; readonly next: number };
  readonly details: TaskDetails;
  readonly frames: readonly string[];
  /** Of a task that may be attempted again, what is kept for the next attempt. */
  readonly kept?: KeptAttempts | undefined;
  /** The number of the last of the frames that the next attempt keeps; with `kept`. */
  readonly startN?: number;
  /** Set when the task waits for its first runner: how long nobody may take it, in milliseconds. */
  readonly delayMs?: number | undefined;
}

interface OpenAnswer {
  /** Whether the log is the caller's now. If not, the id is taken, and the rest means nothing. */
  readonly isOpen: boolean;
  /** Whether it was the caller's, who has settled the task since. */
  readonly isOver: boolean;
  /** The epoch that is open. */
  readonly epoch: number;
  /** The number of the last frame. After a repeated call the log may have more than its first ones. */
  readonly last: number;
  readonly cancel: string | undefined;
  /** Epoch milliseconds by Redis' clock, if there is one. */
  readonly deadlineAt: number | undefined;
}

/** A part of the log to be stored in one piece. */
export interface Entry {
  readonly first: number;
  readonly last: number;
  /** One frame per line. */
  readonly text: string;
}

export interface Commit {
  readonly token: string;
  /** The epoch of the entries. If it is above that of the log, they begin it, and end the other. */
  readonly epoch: number;
  readonly leaseMs: number;
  readonly entries: readonly Entry[];
  /** Set when the entries end the log, and settle the task. */
  readonly outcome: TaskOutcome | undefined;
  /** Whether the task is neither settled nor handed over if a cancel was accepted before. */
  readonly yieldsToCancel: boolean;
  /** The newest checkpoint among the frames, if there is one. Only with `isKept`. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Set when the entries end the attempt, and the task waits after them. Only with `isKept`. */
  readonly handOver?: { readonly delayMs: number; readonly maxFree: number } | undefined;
  /** Whether the task may be attempted again. */
  readonly isKept: boolean;
}

/** A checkpoint, and the number of its frame. */
export interface Checkpoint extends KeptStart {
  readonly n: number;
}

/**
 * `refused`: Redis has refused to store an entry, and `problem` says why. `behind`: an entry does not
 * join the log, which ends at `last` (-1: it has nothing of the epoch). `gone`: there is no log.
 * `fenced`: the log is not the caller's any more. `cancelled`: nothing was stored, because the task
 * would have settled, but a cancel was accepted before. `waiting`: the task was handed over.
 * `exhausted`: it was not, because no attempts are left.
 */
interface CommitAnswer {
  readonly answer: (typeof commitAnswers)[number];
  /** The number of the last frame in the log now, if the log is the caller's. */
  readonly last: number;
  readonly cancel: string | undefined;
  readonly problem: TaskError | undefined;
}

/** What the caller has read of a task whose lease has lapsed. */
interface Lapse {
  readonly record: StoredRecord;
  /** Redis' time when the task was read. */
  readonly readAt: number;
  /** How long the task stays suspect before it can be closed, in milliseconds. */
  readonly waitMs: number;
}

/** How a task ends that nobody runs. */
export interface Closing {
  readonly outcome: TaskOutcome;
  readonly frames: readonly string[];
}

/** `wait`: not before `waitMs`. `ready`: it can be closed. `changed`: it is not as it was read. */
interface CloseAnswer {
  readonly answer: (typeof closeAnswers)[number];
  readonly waitMs: number;
}

/** The two ways to read a log from a position on. */
export interface HistorySource {
  /** Reads the task's record, and entries from the position on, if one is given. */
  fetchLog: (position?: Cursor) => Promise<StoredLog | undefined>;
  /** Reads entries only, by a command of Redis, which takes half the time that a script takes. */
  fetchPage: (position: Cursor, count: number) => Promise<LogEntry[]>;
}

/**
 * A task in Redis. Each method but `listen` makes one call, which is made again if its answer got
 * lost.
 *
 * @throws TaskError `context-unavailable`, from each method.
 */
export interface StoredTask extends HistorySource {
  readonly taskId: string;
  /** Claims a task, or begins its log anew. */
  open(opening: Opening): Promise<OpenAnswer>;
  /**
   * Takes back a claim, so that the id is free again. A cancel that came meanwhile is kept. `false`: the
   * task is not the caller's any more.
   */
  withdraw(opening: Opening): Promise<boolean>;
  /** Stores entries and renews the lease. */
  commit(commit: Commit): Promise<CommitAnswer>;
  /**
   * Asks the task to stop. `kept`: the task is not open yet. `refused`: the task is over, or the asker
   * may not know of it.
   */
  cancel(options: CancelOptions): Promise<(typeof cancelAnswers)[number]>;
  /** Listens to the wake-ups that commits publish, until the returned function is called. */
  listen(listener: ChannelListener): () => void;
  /** The message that the task continues, as JSON, if the record has it. */
  fetchContinued(): Promise<string | undefined>;
  /**
   * Marks a task as suspect whose lease has lapsed or, with `next`, closes it, or lets it wait for
   * another runner.
   */
  close(lapse: Lapse, next?: Closing | 'waits'): Promise<CloseAnswer>;
  /** Closes a task that waits. `false`: it is not as it was read. */
  endWaiting(record: StoredRecord, closing: Closing): Promise<boolean>;
}
