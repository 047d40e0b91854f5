import { createRandom } from './random';

/** Calls of a stream context, and of the logs that it opens, that can go wrong. */
export type FaultyCall =
  | 'open'
  | 'take'
  | 'read'
  | 'cancel'
  | 'inspect'
  | 'activeTask'
  | 'claimOutcome'
  | 'dueTasks'
  | 'lookAgain'
  | 'checkpoint'
  | 'handOver'
  | 'settle'
  | 'release'
  | 'flushed';

/**
 * A fault, and when it happens: at the `at`-th call, frame or chunk, counted from 1. Each kind of
 * call is counted by itself, frames over all readers, chunks over all tasks.
 *
 * - `delay`: the answer to the call comes `ms` milliseconds later. Also for a reader's `next`.
 * - `unavailable`: the storage is away. The call does nothing, and rejects; `checkpoint` answers
 *   `false`, and `handOver` `refused`.
 * - `lost-answer`: the storage does what it is asked for, but the call ends as if it were away. A task
 *   that was opened or taken by such a call, and is not again with the same token, has a producer that
 *   is gone.
 * - `cut`: the reader that would get the frame ends before it.
 * - `kill`: the producer that would append the chunk is gone. Whatever it does from then on reaches
 *   nobody; readers get no heartbeats, and after the lease the task waits for its next attempt, or is
 *   closed as `lost` if it has none left.
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
  /** Decides which faults are drawn: the same seed draws the same. */
  seed: number;
  /** How many faults. Default 8. */
  count?: number;
  /** The kinds of faults to draw from. Default: all. */
  faults?: readonly StreamContextFault['fault'][];
  /** The calls that may go wrong. Default: all. */
  calls?: readonly FaultyCall[];
  /** The largest `at`: faults happen among the first so many calls, frames or chunks. Default 10. */
  within?: number;
  /** The longest delay, in milliseconds. Default 20. */
  maxDelayMs?: number;
}

const allFaults = ['delay', 'unavailable', 'lost-answer', 'cut', 'kill'] as const;

const allCalls: readonly FaultyCall[] = [
  ...(['open', 'take', 'read', 'cancel', 'inspect', 'activeTask', 'claimOutcome'] as const),
  ...(['dueTasks', 'lookAgain'] as const),
  ...(['checkpoint', 'handOver', 'settle', 'release', 'flushed'] as const),
];

/** Draws faults by a seed, for tests that try many schedules. */
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
