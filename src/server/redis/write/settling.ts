import type { TaskOutcome } from '../../../protocol/task-parts';
import type { LogWindow } from '../../log/log-window';
import type { TaskLog } from '../../log/task-stream-context';
import { createDeferred, type Deferred } from '../../time/deferred';
import { startPatientTimer } from '../../time/patient-timer';

/** How a task is to end. */
interface Ending {
  readonly frames: readonly string[];
  readonly outcome: TaskOutcome;
  /** Whether this ending is not stored if a cancel was accepted before. */
  yieldsToCancel: boolean;
}

/** The settling of a task, from the call of `settle` until the storage has the outcome. */
export interface Settling {
  /** How the task is to end, once `begin` was called; `undefined` again after `yield`. */
  readonly ending: Ending | undefined;
  /** Begins to settle. Resolves with the storage's answer, or with `true` after the grace period. */
  readonly begin: TaskLog['settle'];
  /** How long ago `begin` was called, in milliseconds; 0 if it was not. */
  waitedMs(): number;
  /** Gives readers in this process the outcome. */
  settleHere(): void;
  /** To be called when a cancel was accepted first: the task has to be settled again as cancelled. */
  yield(): void;
  /** To be called when nothing will be stored any more: answers a `begin` that still waits. */
  answer(isStored: boolean): void;
}

export function createSettling(
  window: LogWindow,
  /** How long settling waits for the storage before readers here get the outcome, in milliseconds. */
  graceMs: number,
): Settling {
  let ending: Ending | undefined;
  // When `begin` was called, by `performance.now()`.
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
      // After the grace period readers here get an outcome that others may never get: the only
      // exception to the rule that all readers agree.
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
      // Readers that were told this outcome while the storage was away must not get another one.
      if (!ending?.yieldsToCancel) return;
      ending = undefined;
      answering?.resolve('cancelled');
    },
    answer: (isStored) => answering?.resolve(isStored),
  };
}
