import type { RunTimeOptions } from '../task/run-time';
import type { Taker } from './who-takes';

/** The time of a process that its host ends some time after it was asked. */
export interface Invocation {
  readonly maxRunMs: number;
  /** How much of it has passed. */
  spent(): NonNullable<Taker['invocation']>;
  /** What is left for a task that is started or taken now. */
  runTime(): RunTimeOptions;
}

/**
 * To be called as soon as a request is there. `undefined` where processes live on.
 *
 * @param startedAt When it was there, by `performance.now()`. Default: now.
 */
export function beginInvocation(
  maxRunMs: number | undefined,
  startedAt: number = performance.now(),
): Invocation | undefined {
  if (maxRunMs === undefined) return undefined;
  const elapsedMs = () => performance.now() - startedAt;
  return {
    maxRunMs,
    spent: () => ({ elapsedMs: elapsedMs(), maxRunMs }),
    runTime: () => ({ runMs: Math.max(0, maxRunMs - elapsedMs()), isInvocation: true }),
  };
}
