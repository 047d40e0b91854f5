import { createRandom } from './random';

/** Calls of a stream context, and of the logs that it gives, whose answers can go wrong. */
export type FaultyCall =
  | 'open'
  | 'read'
  | 'cancel'
  | 'inspect'
  | 'activeTask'
  | 'claimOutcome'
  | 'settle'
  | 'release'
  | 'flushed';

/**
 * What goes wrong, and when: `at` counts from 1, for each kind of call by itself.
 *
 * - `delay`: the answer to that call comes so much later; of a reader's `next`, too.
 * - `unavailable`: the storage is away. The call does nothing, and rejects.
 * - `lost-answer`: the storage does what it is asked for, but the call rejects. A task that is opened
 *   so and not opened again with its token has a producer that is gone.
 * - `cut`: the reader ends that would get that frame, counted over all readers, without it.
 * - `kill`: the producer is gone that would append that chunk, counted over all tasks. What it does
 *   from then on reaches nobody; readers get no heartbeats, and after the lease the task is closed
 *   as `lost`.
 */
export type StreamContextFault =
  | {
      readonly fault: 'delay';
      readonly call: FaultyCall | 'next';
      readonly at: number;
      readonly ms: number;
    }
  | {
      readonly fault: 'unavailable' | 'lost-answer';
      readonly call: FaultyCall;
      readonly at: number;
    }
  | { readonly fault: 'cut' | 'kill'; readonly at: number };

/** Options of `createFaultSchedule`. */
export interface FaultScheduleOptions {
  /** The same seed gives the same faults. */
  seed: number;
  /** How many. Default 8. */
  count?: number;
  /** Of which kinds. Default: of all. */
  faults?: readonly StreamContextFault['fault'][];
  /** To which calls. Default: to all. */
  calls?: readonly FaultyCall[];
  /** Among the first so many calls, frames or chunks. Default 10. */
  within?: number;
  /** The longest delay, in milliseconds. Default 20. */
  maxDelayMs?: number;
}

const allFaults = ['delay', 'unavailable', 'lost-answer', 'cut', 'kill'] as const;

const allCalls: readonly FaultyCall[] = [
  ...(['open', 'read', 'cancel', 'inspect', 'activeTask', 'claimOutcome'] as const),
  ...(['settle', 'release', 'flushed'] as const),
];

/** Draws faults by a seed, for tests that try many. */
export function createFaultSchedule({
  seed,
  count = 8,
  faults = allFaults,
  calls = allCalls,
  within = 10,
  maxDelayMs = 20,
}: FaultScheduleOptions): StreamContextFault[] {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const drawOf = <Item>(items: readonly Item[], otherwise: Item) =>
    items[below(items.length)] ?? otherwise;
  return Array.from({ length: count }, () => {
    const fault = drawOf(faults, 'delay');
    const at = 1 + below(within);
    if (fault === 'cut' || fault === 'kill') return { fault, at };
    if (fault !== 'delay') return { fault, call: drawOf(calls, 'open'), at };
    return { fault, call: drawOf([...calls, 'next'], 'next'), at, ms: 1 + below(maxDelayMs) };
  });
}
