import type { DueTask } from '../log/open-tasks';
import type { TaskRecord } from '../log/task-record';
import { type Taker, whoTakes } from './who-takes';

/**
 * What a supervisor does about an open task: nothing (`leave`: it is due again when the time for it is
 * over), or `forget` it, `look` again after `inMs` milliseconds, `take` it, or `deliver` its outcome.
 */
export type Care =
  | { readonly do: 'leave' | 'forget' | 'take' | 'deliver' }
  | {
      readonly do: 'look';
      readonly inMs: number;
      readonly why: 'lost' | 'early' | 'full' | 'others';
    };

/** A supervisor, as far as it decides what it does about a task. */
export interface Supervisor {
  readonly taker: Omit<Taker, 'request'>;
  readonly heartbeatMs: number;
  /** Whether somebody is there to be told of the outcome. */
  readonly canDeliver: boolean;
  /** A number from 0 to 1, by which many supervisors do different things. */
  readonly chance: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** How long an entry without a task is kept, because the task may be about to open, in milliseconds. */
const openingMs = 60_000;

/** Decides what is to be done about an open task, by what its record says now. */
export function careFor(
  { createdAt }: Pick<DueTask, 'createdAt'>,
  record: TaskRecord | undefined,
  { taker, heartbeatMs, canDeliver, chance, now }: Supervisor,
): Care {
  // An entry of an earlier task of the same id, or of one that somebody else has opened, is none of it.
  if (!record || record.createdAt !== createdAt) {
    return { do: now - createdAt < openingMs ? 'leave' : 'forget' };
  }
  const { status, isUnsaved, isLost, isWaiting, notBefore = now } = record;
  if (isLost) return { do: 'look', inMs: heartbeatMs, why: 'lost' };
  if (status === 'running') return { do: 'leave' };
  if (!isWaiting) {
    if (!isUnsaved) return { do: 'forget' };
    return { do: canDeliver ? 'deliver' : 'leave' };
  }
  if (notBefore > now) return { do: 'look', inMs: notBefore - now, why: 'early' };
  const { runner = '', version = 0, definition = '' } = record;
  const task = { runner, version, definition };
  if (whoTakes(task, taker) === 'take') return { do: 'take' };
  const isFull = taker.running >= taker.maxRunning;
  const mightTake = isFull && whoTakes(task, { ...taker, running: 0 }) === 'take';
  // Others are let have it: at once if this process only lacks room, else at a time of their own.
  if (mightTake) return { do: 'look', inMs: 0, why: 'full' };
  return { do: 'look', inMs: chance * heartbeatMs, why: 'others' };
}
