import type { Cursor } from '../../protocol/cursor';
import type { TaskOutcome } from '../../protocol/task-parts';
import type { Draining, DrainOptions } from './draining';
import type { DueTask, DueTasksOptions } from './open-tasks';
import type { OutcomeClaiming } from './outcome-claim';
import type {
  AttemptStart,
  HandOverAnswer,
  HandOverOptions,
  StoredWork,
  TakenTask,
  TakeTaskOptions,
} from './task-attempts';
import type { TaskReader } from './task-reader';
import type { TaskRecord } from './task-record';

/** A task's log as its producer gets it. */
export interface TaskLog {
  /** Which attempt writes this log, counted from 1. Default 1. */
  readonly attempt?: number;
  /** Adds a chunk, as JSON. Never waits and never throws; does nothing once the task is closed. */
  append(data: string): void;
  /**
   * Adds the closing frames and the outcome in one step, and waits for the commit.
   * `false`: somebody else had closed the task, and these frames are not part of its log.
   * `cancelled`: a cancel had been accepted before, so these frames are not stored, and the task has
   * to be settled again as `cancelled`. A storage that knows of each cancel at once never says so.
   */
  settle(
    frames: readonly string[],
    status: TaskOutcome,
    options?: SettleTaskOptions,
  ): Promise<boolean | 'cancelled'>;
  /**
   * Adds a `data-task-checkpoint` chunk, as JSON, and stores with it where the next attempt would
   * begin: right behind that chunk. `false`: that is not known to be stored, because the storage is
   * away, frames are missing before it, or the task is closed. Never rejects.
   */
  checkpoint?(data: string, start: AttemptStart): Promise<boolean>;
  /** Ends this attempt without settling, once all that was added is stored. Never rejects. */
  handOver?(options?: HandOverOptions): Promise<HandOverAnswer>;
  /**
   * Whether the outcome is in the storage, once the task has settled. `false`: the storage was away
   * at the end, so that only this process knows the outcome; other processes may find another one
   * later. Default true.
   */
  readonly isStored?: boolean;
  /**
   * To be called when the task needs nothing more: if it is still its chat's active task, the chat
   * has none from then on. Idempotent, except that `isSaved` may follow later.
   *
   * @param options.isSaved Whether the host has the outcome of a task that was opened with
   * `savesOutcome`. If not, the outcome stays unsaved, for whoever claims it. Default false.
   */
  release(options?: { isSaved?: boolean }): Promise<void>;
  /**
   * Takes back the opening of a task that waits for its first runner, so that its id is free again.
   * `false`: a runner has taken it, or it is over. Only for logs that were opened with `waits`.
   */
  withdraw?(): Promise<boolean>;
  /**
   * Resolves once the tasks that this one superseded in its chat are saved, or cannot be saved any
   * more, so that the host saves the turns of a chat in their order. Default: there are no such tasks.
   */
  predecessorsSaved?(): Promise<void>;
  /** These tasks, by their ids; those that are saved may be among them. Default: not known. */
  readonly predecessors?: readonly string[];
  /** Whether so much waits to be stored that merged streams should pause. */
  readonly isBehind: boolean;
  /** Resolves once merged streams may go on, or when storing what waits may take long. */
  caughtUp(): Promise<void>;
  /** Resolves once all that was appended is stored, or when the storage turns out to be away. */
  flushed(): Promise<void>;
  /**
   * Aborts when somebody asks the task to stop, or when it was closed as lost. The reason is an
   * `AbortError` whose `cause` is a `TaskError` with the code `cancelled` or `lost`.
   */
  readonly signal: AbortSignal;
  /** The largest frame that can be stored, in bytes of UTF-8. Default: any. */
  readonly maxFrameBytes?: number;
}

export interface SettleTaskOptions {
  /** Stores the outcome even if a cancel was accepted: the outcome had been decided before that. */
  evenIfCancelled?: boolean;
}

export interface OpenTaskOptions {
  /** Who may follow and cancel the task; compared as it is. Default: nobody in particular. */
  owner?: string;
  /** Display name, kept with the record. */
  name?: string;
  /**
   * The definition that the task is of: a route serves only tasks of its own definition. Default:
   * none, as for tasks of `streamTask`.
   */
  definition?: string;
  /** Makes this the chat's active task. */
  chatId?: string;
  /** Leaves the chat's other running tasks alone. Default: they are cancelled as `superseded`. */
  concurrent?: boolean;
  /** How long the producer counts as alive after its last sign, in milliseconds. */
  leaseMs: number;
  /**
   * How long settling waits for a storage that is away before readers in this process get the
   * outcome all the same, in milliseconds. Default 5,000.
   */
  graceMs?: number;
  /** Names this attempt to open the task: a repeat with the same token gets the same answer. */
  token: string;
  /** The first chunks, as JSON. They are stored in the step that opens the task. */
  frames: readonly string[];
  /**
   * Whether the host has to be told of the outcome: settling then marks the task as unsaved, in the
   * same step, and `release` clears that mark. Default false.
   */
  savesOutcome?: boolean;
  /**
   * What another process needs that may have to tell the host of the outcome, as JSON: the message that
   * the task continues, and in a chat's route the turn. It is kept while the task is unsaved.
   */
  continued?: string;
  /**
   * Makes the task one that may be attempted again, also by other processes. Only for contexts that
   * have `take`. Default: a task whose process is lost is lost.
   */
  work?: StoredWork;
  /** Where a second attempt begins that finds no checkpoint; given with `work`. */
  start?: AttemptStart;
  /**
   * Opens the task as one that waits for its first runner; only with `work`. The log that is given
   * then takes nothing. Default: the task runs in this process.
   */
  waits?: { readonly delayMs: number };
}

export interface ReadTaskOptions {
  /** The task counts as unknown when it is somebody else's. */
  owner?: string;
  /** The task counts as unknown when it is not of this definition. Default: any will do. */
  definition?: string;
  /**
   * The last frame that the reader has. Default: read from the start. A cursor of another log of the
   * same taskId brings an error part of the code `gap`, and then all of this log.
   */
  cursor?: Cursor;
  /**
   * Whether this reader goes on where another one has left, for the same client, who has been sent the
   * frame at the cursor. If that is void by now, the reader ends as one that is cut. Default false.
   */
  isContinued?: boolean;
  /** How many frames from the start are left out, where there is no cursor. Default 0. */
  skip?: number;
  /**
   * The `token` that the task was opened with. It lets the task's own response be read even if the
   * task is over by then, from contexts that otherwise give nothing of a task that is over.
   */
  token?: string;
}

/** Who asks a task to stop, and why. */
export interface CancelOptions {
  /** Must be the owner that the task was opened with. */
  owner?: string;
  /** If given, must be the definition that the task was opened with. */
  definition?: string;
  /** The reason, told to readers. The contexts of this package cut it to 1,000 characters. */
  reason?: string;
}

/** The port between tasks and the place where their logs live. PROTOCOL.md lists its promises. */
export interface TaskStreamContext {
  /**
   * Claims the task and stores its first frames in the same, atomic step. `undefined`: the task
   * exists already, and can be read instead.
   */
  open(taskId: string, options: OpenTaskOptions): Promise<TaskLog | undefined>;
  /**
   * Makes the caller the runner of a task that waits: atomic, with one winner. The step that takes the
   * task stores the first frames of the attempt, in an epoch of its own. `undefined`: the task does
   * not wait, may not be taken yet or by this runner, or was asked to stop. A context without this
   * verb has no tasks that may be attempted again.
   */
  take?(taskId: string, options: TakeTaskOptions): Promise<TakenTask | undefined>;
  /** A reader from after `cursor` on. `undefined`: the task is unknown, expired or somebody else's. */
  read(taskId: string, options?: ReadTaskOptions): Promise<TaskReader | undefined>;
  /**
   * Asks a task to stop. The request is durable, and kept for 60 s for a task that is not open yet
   * (the contexts of this package keep the newest 10,000 such requests, or 4 MiB, for each process).
   * `false`: the task is over already, somebody else's, or of another definition than the given one.
   * A request that is kept stops only a task of that owner and of that definition, if one was given.
   */
  cancel(taskId: string, options?: CancelOptions): Promise<boolean>;
  /**
   * Where the task stands, without reading its log. `undefined`: the task is unknown or expired. The
   * options hide no record. They only decide who is told that a task exists while its record is away
   * for the moment.
   */
  inspect(
    taskId: string,
    options?: { owner?: string; definition?: string },
  ): Promise<TaskRecord | undefined>;
  /** The newest task of a chat that is running, or whose outcome is still being saved. */
  activeTask(chatId: string, options?: { owner?: string }): Promise<string | undefined>;
  /**
   * Claims the outcome of a task that is unsaved, to tell the host of it. Atomic; the claim lapses
   * when this process is gone. `undefined`: there is nothing to tell, or the task is somebody else's.
   */
  claimOutcome?(taskId: string, options?: { owner?: string }): Promise<OutcomeClaiming | undefined>;
  /**
   * Open tasks that somebody has to look at, and looks at within `leaseMs`, in which they are given to
   * nobody else. Open are tasks that were opened with
   * `work`, until they have settled, and with `savesOutcome`, until their outcome is saved. They are due
   * a lease after they were opened, once they wait, and whenever the last caller's time is over. All of
   * this is a hint: what is to be done about a task is decided by the task itself.
   */
  dueTasks?(options: DueTasksOptions): Promise<readonly DueTask[]>;
  /**
   * Says when a task that `dueTasks` has given is due again: in `inMs` milliseconds, or never with
   * `undefined`. Does nothing if the task has become due, or was given to another caller, since.
   * Default: when the caller's time is over. Comes with `dueTasks`.
   */
  lookAgain?(task: DueTask, inMs: number | undefined): Promise<void>;
  /**
   * How this process takes leave of the tasks of this context; `drainableContext` makes it. A context
   * without it cannot be drained.
   */
  readonly draining?: Draining;
  /** How long a settled task is kept, in milliseconds. Default: that is not known. */
  readonly retentionMs?: number;
  /**
   * Lets this process take leave, before it ends: nothing is started or taken any more, tasks that
   * another process can go on with are handed over, others end as failed with the code `drained`, and
   * then all responses end. What is done by then settles as it is. Resolves when all of that is over,
   * or the time is; a second call joins the first.
   *
   * @throws TaskError `invalid-options`.
   */
  drain?(options?: DrainOptions): Promise<void>;
  /** Closes what the context itself opened. Idempotent. */
  close(): Promise<void>;
}
