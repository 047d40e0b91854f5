import type { Cursor } from '../../../protocol/cursor';
import type { TaskError } from '../../../protocol/task-error';
import type { TaskOutcome } from '../../../protocol/task-parts';
import type { CancelOptions } from '../../log/task-stream-context';
import type { ChannelListener } from '../client/channel-connection';
import type { StoredFrames, StoredLog, StoredRecord } from './stored-log';

/** How long a running task is kept after its last sign, in milliseconds. */
export const runningTtlMs: number = 24 * 60 * 60 * 1000;

// As the scripts say them.
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

/** What a task's record says of it from the start. Milliseconds, and since the epoch. */
export interface TaskDetails
  extends Pick<StoredRecord, 'owner' | 'name' | 'definition' | 'chatId' | 'createdAt' | 'leaseMs'> {
  /** The channel of the process where the task runs. */
  readonly home: string;
  /** Whether the host has to be told of the outcome. */
  readonly savesOutcome: boolean;
  /** The message that the task continues, as JSON, for whoever tells in the producer's place. */
  readonly continued: string | undefined;
}

/** The beginning of a log. */
interface Opening {
  readonly token: string;
  /** Set when a log that the storage has lost is begun anew: its first epoch, and its next one. */
  readonly epochs?: { readonly first: number; readonly next: number };
  readonly details: TaskDetails;
  readonly frames: readonly string[];
}

interface OpenAnswer {
  /** Whether the log is the caller's; else it is somebody else's. */
  readonly isOpen: boolean;
  /** Of a log that is the caller's. */
  readonly epoch: number;
  /** Where it ends: further on than it began if this was asked again. */
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
  /** One above that of the log begins with the first of the entries, which ends the other. */
  readonly epoch: number;
  readonly leaseMs: number;
  readonly entries: readonly Entry[];
  /** Set when this is all, and settles the task. */
  readonly outcome: TaskOutcome | undefined;
  /** Whether a cancel that was accepted before keeps it from settling. */
  readonly yieldsToCancel: boolean;
}

/**
 * `refused` comes with why. `behind`: the log ends before the first entry,
 * at -1 if it has nothing of the epoch. `gone`: there is no log.
 * `fenced`: it is not the caller's any more. `cancelled`: it would have settled, but a cancel was
 * accepted before.
 */
interface CommitAnswer {
  readonly answer: (typeof commitAnswers)[number];
  /** Where the log ends now; of a log that is the caller's. */
  readonly last: number;
  readonly cancel: string | undefined;
  readonly problem: TaskError | undefined;
}

/** What was known of a task whose lease has lapsed. */
interface Lapse {
  readonly record: StoredRecord;
  /** Redis' time when that was read. */
  readonly readAt: number;
  /** How long it stays suspect before it can be closed, in milliseconds. */
  readonly waitMs: number;
}

interface Closing {
  readonly outcome: TaskOutcome;
  readonly frames: readonly string[];
}

/** `wait` comes with how many milliseconds; `changed`: it is not as it was known to be. */
interface CloseAnswer {
  readonly answer: (typeof closeAnswers)[number];
  readonly waitMs: number;
}

/** The two ways to read from a position on. */
export interface HistorySource {
  /** Looks at the task; without a position, at its record only. */
  fetchLog: (position?: Cursor) => Promise<StoredLog | undefined>;
  /** Reads entries alone, by Redis' own command: in half the time that they take through a script. */
  fetchPage: (position: Cursor, count: number) => Promise<StoredFrames[]>;
}

/**
 * A task as Redis has it. Each method but `listen` is one call, which is made again if its answer got
 * lost.
 *
 * @throws TaskError `context-unavailable`, from each of them.
 */
export interface StoredTask extends HistorySource {
  readonly taskId: string;
  /** Claims a task, or begins its log anew. */
  open(opening: Opening): Promise<OpenAnswer>;
  /** Takes back a claim, so that another may have the id; a cancel that was asked for is kept. */
  withdraw(token: string, details: TaskDetails): Promise<void>;
  /** Stores entries and renews the lease. */
  commit(commit: Commit): Promise<CommitAnswer>;
  /**
   * Asks the task to stop. `kept`: it is not open yet. `refused`: it is over, or the asker's not to
   * know.
   */
  cancel(options: CancelOptions): Promise<(typeof cancelAnswers)[number]>;
  /** Listens to what commits tell of themselves, until the function that is returned is called. */
  listen(listener: ChannelListener): () => void;
  /** The message that the task continues, as JSON, if it was kept. */
  fetchContinued(): Promise<string | undefined>;
  /** Marks a task as suspect or, with what is to be its end, closes it. */
  close(lapse: Lapse, closing?: Closing): Promise<CloseAnswer>;
}
