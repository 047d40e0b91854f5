import type { TaskRewindData } from './task-parts';

/** Something as it was at a checkpoint of its task. */
export interface Mark {
  /** The checkpoint's index; -1 is the beginning of the work. */
  readonly index: number;
}

/** What is known of a task's attempts. */
export interface Attempts<AtCheckpoint extends Mark> {
  /** The newest attempt that was seen to begin; absent before any did. */
  readonly attempt?: number | undefined;
  /** What was there at the newest checkpoints, oldest first. */
  readonly checkpoints?: readonly AtCheckpoint[] | undefined;
}

/** Several, because the newest ones may turn out to be not stored when their process is lost. */
const maxCheckpoints = 8;

/**
 * The checkpoints with one more. `undefined` for one that is known: it comes again in a replay, when
 * its reader is further than that.
 */
export function addCheckpoint<AtCheckpoint extends Mark>(
  { checkpoints = [] }: Attempts<AtCheckpoint>,
  index: number,
  keep: () => AtCheckpoint,
): readonly AtCheckpoint[] | undefined {
  if (index <= (checkpoints.at(-1)?.index ?? Number.NEGATIVE_INFINITY)) return undefined;
  return [...checkpoints, keep()].slice(-maxCheckpoints);
}

/** Where an attempt goes on. */
export interface AttemptStart<AtCheckpoint extends Mark> {
  /** What was there at its checkpoint. Absent when the reader was not there, or long ago. */
  readonly from: AtCheckpoint | undefined;
  /** What is known from now on. */
  readonly attempts: Attempts<AtCheckpoint>;
}

/**
 * What a rewind means for whoever keeps checkpoints; `undefined` if its attempt was seen to begin. A
 * task that was opened as waiting has one for its first attempt, too.
 */
export function beginAttempt<AtCheckpoint extends Mark>(
  { attempt: newest = 0, checkpoints = [] }: Attempts<AtCheckpoint>,
  { attempt, checkpoint }: TaskRewindData,
): AttemptStart<AtCheckpoint> | undefined {
  if (attempt <= newest) return undefined;
  const left = checkpoints.filter(({ index }) => index <= checkpoint);
  const last = left.at(-1);
  return {
    from: last?.index === checkpoint ? last : undefined,
    attempts: { attempt, ...(left.length > 0 && { checkpoints: left }) },
  };
}
