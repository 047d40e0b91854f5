import { g as TaskOutcome, T as TaskStatus } from './task-parts.js';

/** Names a frame within a log: the `epoch` it was written in, and its number `n` there, both from 0. */
interface Cursor {
    readonly epoch: number;
    readonly n: number;
}

/**
 * Neighbouring frames of one epoch, as a view over an array that only grows: nothing is copied.
 * Frame `n`, for `start <= n < end`, is `data[n - offset]`, the chunk as JSON.
 */
interface FrameRange {
    /** At least 1, and above those of all earlier logs of the task. */
    readonly epoch: number;
    readonly data: readonly string[];
    readonly offset: number;
    readonly start: number;
    readonly end: number;
    /** Whether these were in the log before the reader had caught up with it. */
    readonly isReplay: boolean;
}
/**
 * A place in a log, from which ranges are iterated: it holds a position, never a copy of what it has
 * yet to read. One iteration at a time.
 */
interface TaskReader extends AsyncIterator<FrameRange, undefined> {
    /**
     * The next range, once there is one. What comes in the same turn of the event loop comes as one.
     * Done when the log has ended, or the reader was closed.
     */
    next(): Promise<IteratorResult<FrameRange, undefined>>;
    /** The next range if it is at hand, at once. Not while `next` is waiting. */
    take(): FrameRange | undefined;
    [Symbol.asyncIterator](): AsyncIterator<FrameRange, undefined>;
    /** True once everything was taken and nothing will follow, or the reader was closed. */
    readonly isEnded: boolean;
    /**
     * Whether it has ended without the task's outcome, because the log is gone or the context was
     * closed: the response ends without `[DONE]`. Default: never.
     */
    readonly isCut?: boolean;
    /** Whether the producer counts as alive; heartbeats go out only while it does. */
    readonly isAlive: boolean;
    /** Leaves. Idempotent; the log and other readers feel nothing. */
    close(): void;
}
/** The producer's end of a task's log. */
interface TaskLog {
    /** Adds a chunk, as JSON. Never waits and never throws; does nothing once the task is closed. */
    append(data: string): void;
    /**
     * Adds the closing frames and the outcome in one step, and waits for the commit.
     * `false`: somebody else had closed the task, and these frames are not part of its log.
     * `cancelled`: a cancel had been accepted before, so that they are not stored, and the task has
     * to be settled again as `cancelled`. Only where that can be found out so late.
     */
    settle(frames: readonly string[], status: TaskOutcome, options?: SettleTaskOptions): Promise<boolean | 'cancelled'>;
    /**
     * Whether the outcome is in the storage, once the task has settled. `false`: the storage was away
     * at the end, so that the outcome is this process' only; others may find another one later.
     * Default true.
     */
    readonly isStored?: boolean;
    /**
     * Ends the tenure, and the chat's active task is cleared if it is still this one. Idempotent,
     * except that `isSaved` may follow later.
     *
     * @param options.isSaved Whether the host has the outcome, of a task that was opened with
     * `savesOutcome`. Otherwise it stays unsaved, for whoever claims it.
     */
    release(options?: {
        isSaved?: boolean;
    }): Promise<void>;
    /**
     * Resolves once the tasks that this one superseded in its chat are saved, or cannot be any more,
     * so that the host saves the turns of a chat in their order. Default: there are none.
     */
    predecessorsSaved?(): Promise<void>;
    /** Whether so much waits to be stored that merged streams should pause. */
    readonly isBehind: boolean;
    /** Resolves once little enough waits for them to go on, or when that may take long. */
    caughtUp(): Promise<void>;
    /** Resolves once what was appended is stored, or when that may take long, the storage being away. */
    flushed(): Promise<void>;
    /**
     * Aborts when somebody asks the task to stop, or when it was closed as lost. The reason is an
     * `AbortError` whose `cause` is a `TaskError` with the code `cancelled` or `lost`.
     */
    readonly signal: AbortSignal;
    /** The largest frame that can be stored, in bytes of UTF-8. Default: any. */
    readonly maxFrameBytes?: number;
}
interface SettleTaskOptions {
    /** Stores the outcome although a cancel was accepted meanwhile: it had been decided before. */
    evenIfCancelled?: boolean;
}
interface OpenTaskOptions {
    /** Who may follow and cancel the task; compared as it is. Default: nobody in particular. */
    owner?: string;
    /** Display name, kept with the record. */
    name?: string;
    /**
     * Which definition the task is of: a route serves tasks of its own only. Default: none, as for
     * tasks of `streamTask`.
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
    /** Names this attempt to open: asked again with the same token, the answer is the same. */
    token: string;
    /** The first chunks, as JSON, stored in the same step. */
    frames: readonly string[];
    /**
     * The host is told of the outcome: settling marks the task as unsaved, in the same step, and
     * `release` clears that. Default: nobody has to be told.
     */
    savesOutcome?: boolean;
    /**
     * The message that the task continues, as JSON: kept while the task is unsaved, for whoever has
     * to tell of its outcome in this process' place.
     */
    continued?: string;
}
interface ReadTaskOptions {
    /** The task counts as unknown when it is somebody else's. */
    owner?: string;
    /** The task counts as unknown when it is not of this definition. Default: any will do. */
    definition?: string;
    /**
     * The last frame that the reader has. Default: read from the start. One of another log of that
     * taskId brings an error part of the code `gap`, and then all of this log.
     */
    cursor?: Cursor;
    /** How many frames from the start are left out, where there is no cursor. Default 0. */
    skip?: number;
    /**
     * The claim token of whoever opened the task. With it a context that is live only lets the
     * task's own response read also when the task was over before that was asked for.
     */
    token?: string;
}
/** Who asks a task to stop, and why. */
interface CancelOptions {
    /** Must be the one that the task was opened with. */
    owner?: string;
    /** If given, must be the one that the task was opened with. */
    definition?: string;
    /** Told to readers. Our contexts cut it to 1,000 characters. */
    reason?: string;
}
/** Where a task stands. */
interface TaskRecord {
    readonly taskId: string;
    readonly status: TaskStatus;
    readonly owner?: string;
    readonly chatId?: string;
    readonly name?: string;
    /** Which definition it is of, if a route has started it. */
    readonly definition?: string;
    /** The last frame in the log, as its `id` names it: `epoch-n`. */
    readonly cursor: string;
    /** Epoch milliseconds. */
    readonly createdAt: number;
    /**
     * Whether it is over and the host has yet to be told of the outcome: it is being told now, or the
     * process that had to was lost or failed to.
     */
    readonly isUnsaved?: boolean;
    /**
     * Whether it is `running` although its process gives no sign of life any more. Asking sees to it
     * that it is closed, where that can be.
     */
    readonly isLost?: boolean;
}
/** The right to tell the host of an outcome; nobody else has it meanwhile. */
interface OutcomeClaim {
    /** The message that the task continues, as JSON. */
    readonly continued?: string;
    /** Ends it: the host was told, which clears the chat's active task, or somebody else may try. */
    release(options: {
        isSaved: boolean;
    }): Promise<void>;
}
/**
 * What came of the attempt to claim an outcome. `running`: there is none yet. `held`: somebody else
 * tells the host of it, or did so less than `waitMs` milliseconds ago.
 */
type OutcomeClaiming = {
    readonly kind: 'running';
} | {
    readonly kind: 'held';
    readonly waitMs: number;
} | {
    readonly kind: 'claimed';
    readonly claim: OutcomeClaim;
};
/** The port between tasks and the place where their logs live. PROTOCOL.md lists its promises. */
interface TaskStreamContext {
    /**
     * Claims the task and stores its first frames in the same step; atomic. `undefined`: the task
     * exists already, so read it instead.
     */
    open(taskId: string, options: OpenTaskOptions): Promise<TaskLog | undefined>;
    /** A reader from after `cursor` on. `undefined`: unknown or expired task, or somebody else's. */
    read(taskId: string, options?: ReadTaskOptions): Promise<TaskReader | undefined>;
    /**
     * Asks a task to stop; durable, and kept for 60 s for a task that is not open yet (of those our contexts keep the newest
     * 10,000 or 4 MiB for each process).
     * `false`: it is over already, somebody else's, or of another definition than the one given. A
     * request that is kept stops a task of that owner and, if one was given, that definition only.
     */
    cancel(taskId: string, options?: CancelOptions): Promise<boolean>;
    /**
     * Where the task stands, without reading it. `undefined`: unknown or expired. Who asks is only
     * told of a task whose record is away for the moment if it is theirs to know; it hides no record.
     */
    inspect(taskId: string, options?: {
        owner?: string;
        definition?: string;
    }): Promise<TaskRecord | undefined>;
    /** The newest task that is running for a chat now, or that is still being saved. */
    activeTask(chatId: string, options?: {
        owner?: string;
    }): Promise<string | undefined>;
    /**
     * Claims the outcome of a task that is unsaved, to tell the host of it; atomic, and given up when
     * this process is gone. `undefined`: there is nothing to tell, or the task is somebody else's.
     */
    claimOutcome?(taskId: string, options?: {
        owner?: string;
    }): Promise<OutcomeClaiming | undefined>;
    /** Closes what the context itself opened. Idempotent. */
    close(): Promise<void>;
}

export type { CancelOptions as C, FrameRange as F, OpenTaskOptions as O, ReadTaskOptions as R, SettleTaskOptions as S, TaskStreamContext as T, TaskReader as a, Cursor as b, OutcomeClaim as c, OutcomeClaiming as d, TaskLog as e, TaskRecord as f };
