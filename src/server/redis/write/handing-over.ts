import type { HandOverAnswer, HandOverOptions } from '../../log/task-attempts';
import { createDeferred, type Deferred } from '../../time/deferred';
import { startPatientTimer } from '../../time/patient-timer';
import { wholeMs } from '../scripts/whole-ms';

/** How often in a row an attempt without a checkpoint may be handed over at no cost. */
const maxFreeHandOvers = 10;

/** How a task is to be handed over. */
interface HandOver {
  /** How long nobody may take the task, in whole milliseconds. */
  readonly delayMs: number;
  /** How many attempts in a row may be handed over at no cost. */
  readonly maxFree: number;
}

/** The handing over of a task, from the call of `handOver` until its answer. */
export interface HandingOver {
  /** Set while the storage is yet to be told. */
  readonly handOver: HandOver | undefined;
  /** Begins. Resolves with the answer, with `refused` after the grace period. */
  begin(options: HandOverOptions): Promise<HandOverAnswer>;
  /** Answers a `begin` that still waits. */
  answer(answer: HandOverAnswer): void;
}

/** @param graceMs How long the storage is waited for, in milliseconds. */
export function createHandingOver(graceMs: number): HandingOver {
  let handOver: HandOver | undefined;
  let answering: Deferred<HandOverAnswer> | undefined;

  const answer = (given: HandOverAnswer) => {
    handOver = undefined;
    answering?.resolve(given);
  };

  return {
    get handOver() {
      return handOver;
    },
    begin({ delayMs = 0, isFree = false }) {
      const deferred = createDeferred<HandOverAnswer>();
      const stopGrace = startPatientTimer(() => answer('refused'), graceMs);
      handOver = { delayMs: wholeMs(delayMs), maxFree: isFree ? maxFreeHandOvers : 0 };
      answering = deferred;
      return deferred.promise.finally(stopGrace);
    },
    answer,
  };
}
