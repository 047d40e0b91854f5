import type { Cursor } from '../../../protocol/cursor';
import type { TaskError } from '../../../protocol/task-error';
import type { TaskOutcome } from '../../../protocol/task-parts';
import type { KnownTask } from '../../log/known-task';
import type { LogEntry } from '../../log/log-part';
import type { CancelOptions } from '../../log/task-stream-context';
import type { ChannelListener } from '../client/channel-connection';
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
] as const;
export const cancelAnswers = ['asked', 'kept', 'refused'] as const;
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
  /** Set when a lost log is begun anew: its first epoch, and the epoch in which it goes on. */
  readonly epochs?: { readonly first: number; readonly next: number };
  readonly details: TaskDetails;
  readonly frames: readonly string[];
}

interface OpenAnswer {
  /** Whether the log is the caller's now. If not, the id is taken, and the rest means nothing. */
  readonly isOpen: boolean;
  /** The epoch that is open. */
  readonly epoch: number;
  /** The number of the last frame. After a repeated call the log may have more than its first ones. */
  readonly last: number;
  readonly cancel: string | undefined;
}

/** A part of the log to be stored in one piece. */
export interface Entry {
  readonly first: number;
  readonly last: number;
  /** One frame per line. */
  readonly text: string;
}

interface Commit {
  readonly token: string;
  /** The epoch of the entries. If it is above that of the log, they begin it, and end the other. */
  readonly epoch: number;
  readonly leaseMs: number;
  readonly entries: readonly Entry[];
  /** Set when the entries end the log, and settle the task. */
  readonly outcome: TaskOutcome | undefined;
  /** Whether the task is not settled if a cancel was accepted before. */
  readonly yieldsToCancel: boolean;
}

/**
 * `refused`: Redis has refused to store an entry, and `problem` says why. `behind`: an entry does not
 * join the log, which ends at `last` (-1: it has nothing of the epoch). `gone`: there is no log.
 * `fenced`: the log is not the caller's any more. `cancelled`: nothing was stored, because the task
 * would have settled, but a cancel was accepted before.
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

interface Closing {
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
  /** Takes back a claim, so that the id is free again. A cancel that came meanwhile is kept. */
  withdraw(token: string, details: TaskDetails): Promise<void>;
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
  /** Marks a task as suspect whose lease has lapsed or, with `closing`, closes it. */
  close(lapse: Lapse, closing?: Closing): Promise<CloseAnswer>;
}
