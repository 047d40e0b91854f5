import type { TaskRecord } from '../server/log/task-record';

/** The attempt that a job asks for. */
export interface JobAttempt {
  readonly attempt: number;
  /** Whether the task can be opened if the storage does not know it. */
  readonly canOpen: boolean;
  /** How long ago the job was made, in milliseconds. */
  readonly ageMs: number;
}

export interface JobRunner {
  readonly runner: string;
  /** The version of the task's definition that this process has. */
  readonly version: number;
  /** How long the storage keeps a task that is over, in milliseconds. */
  readonly retentionMs: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * What a worker does with a job: `take` the task that waits for this attempt, or `open` it first, because
 * the storage has lost it; `skip`, because the attempt was made or is made by others; `leave` it to workers
 * that know more; or come back `later`, in `inMs` milliseconds.
 */
export type JobVerdict =
  | { readonly do: 'take' | 'open' | 'skip' | 'leave' }
  | { readonly do: 'later'; readonly inMs: number };

/** The storage's clock may be behind that of this process, in milliseconds. */
const slackMs = 5;

/**
 * Decides by the task's record alone. A job is no more than a call for a worker: it may come twice, late,
 * or after the task is over, and a lock of BullMQ on it says nothing of who runs the task.
 */
export function judgeJob(
  record: TaskRecord | undefined,
  { attempt, canOpen, ageMs }: JobAttempt,
  { runner, version, retentionMs, now }: JobRunner,
): JobVerdict {
  // A task that was over before is forgotten by now, too, and must not begin again.
  if (!record) return { do: canOpen && ageMs < retentionMs ? 'open' : 'skip' };
  const isAwaited =
    record.isWaiting === true && record.runner === runner && record.attempt === attempt - 1;
  if (!isAwaited) return { do: 'skip' };
  if ((record.version ?? 0) > version) return { do: 'leave' };
  const { notBefore = now } = record;
  if (notBefore > now) return { do: 'later', inMs: notBefore - now + slackMs };
  return { do: 'take' };
}
