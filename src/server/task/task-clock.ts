/**
 * The time of one task. It begins by the wall clock and goes on by the monotonic one, so that
 * nothing is ever before its beginning or takes a negative time, whatever the machine's clock is
 * set to meanwhile.
 */
export interface TaskClock {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Epoch milliseconds, whole. */
  now(): number;
}

export function createTaskClock(): TaskClock {
  const startedAt = Date.now();
  const origin = performance.now();
  return { startedAt, now: () => startedAt + Math.floor(performance.now() - origin) };
}
