import { processWide } from './process-wide';

/** 2025-01-01T00:00Z in milliseconds since 1970: epochs count from here, so that they are short. */
export const epochOrigin = 1_735_689_600_000;

const state = () => processWide('epochs.v1', () => ({ newest: 0 }));

/** The highest epoch that this process has seen of any log. */
export function newestEpoch(): number {
  return state().newest;
}

/** Takes note of an epoch, so that epochs which are drawn in this process lie above it. */
export function noteEpoch(epoch: number): void {
  const known = state();
  if (epoch > known.newest) known.newest = epoch;
}

/**
 * The first epoch of a new log. It is taken from the clock, so that no earlier log of the same task
 * had it, even one that this process does not know. And it lies above all epochs that this process
 * has seen, so that it rises even when the clock is set back.
 */
export function drawEpoch(): number {
  const epoch = Math.max(Date.now() - epochOrigin, newestEpoch() + 1);
  noteEpoch(epoch);
  return epoch;
}
