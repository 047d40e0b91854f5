import type { TaskOutcome } from '../../../protocol/task-parts';
import type { LogWindow } from '../../log/log-window';
import type { TaskLog } from '../../log/task-stream-context';
import { createDeferred, type Deferred } from '../../time/deferred';
import { startPatientTimer } from '../../time/patient-timer';

/** How a task is to end. */
interface Ending {
  readonly frames: readonly string[];
  readonly outcome: TaskOutcome;
  /** Whether a cancel that was accepted before keeps it from being stored. */
  yieldsToCancel: boolean;
}

/** The settling of a task, from when that is asked for until the storage has the outcome. */
export interface Settling {
  /** Set from when it is asked for, unless that was taken back. */
  readonly ending: Ending | undefined;
  /** Gives the answer, or `true` once readers here need not wait any more. */
  readonly begin: TaskLog['settle'];
  /** Since when it is asked for, in milliseconds; 0 if it is not. */
  waitedMs(): number;
  /** Gives readers here the outcome. */
  settleHere(): void;
  /** The end that was to be stored is not the end: the task has to be settled as cancelled. */
  yield(): void;
  /** Nothing is stored any more: answers whoever still waits for that. */
  answer(isStored: boolean): void;
}

export function createSettling(
  window: LogWindow,
  /** How long it waits for the storage before readers here get the outcome, in milliseconds. */
  graceMs: number,
): Settling {
  let ending: Ending | undefined;
  // By `performance.now()`.
  let since = 0;
  let answering: Deferred<boolean | 'cancelled'> | undefined;

  const settleHere = () => {
    if (!ending || window.isEnded) return;
    for (const frame of ending.frames) window.push(frame);
    window.end();
    window.wake();
  };

  return {
    get ending() {
      return ending;
    },
    begin(frames, outcome, { evenIfCancelled = false } = {}) {
      const yieldsToCancel = outcome !== 'cancelled' && !evenIfCancelled;
      const begun = { frames, outcome, yieldsToCancel };
      const deferred = createDeferred<boolean | 'cancelled'>();
      // The one exception to agreement: readers here need not wait for a storage that is away.
      const stopGrace = startPatientTimer(() => {
        begun.yieldsToCancel = false;
        settleHere();
        deferred.resolve(true);
      }, graceMs);
      ending = begun;
      since = performance.now();
      answering = deferred;
      return deferred.promise.finally(stopGrace);
    },
    waitedMs: () => (ending ? performance.now() - since : 0),
    settleHere,
    yield() {
      // Whoever was told of it while the storage was away must not hear of another.
      if (!ending?.yieldsToCancel) return;
      ending = undefined;
      answering?.resolve('cancelled');
    },
    answer: (isStored) => answering?.resolve(isStored),
  };
}
