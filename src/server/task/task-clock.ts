/**
 * The time of one task. It begins at the wall clock's time and goes on with the monotonic clock, so
 * that no time lies before the task's beginning and no duration is negative, even when the machine's
 * clock is set back meanwhile.
 */
export interface TaskClock {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Epoch milliseconds, whole. */
  now(): number;
}

/** @param notBefore The earliest time that it tells, in epoch milliseconds: that of an earlier attempt. */
export function createTaskClock(notBefore = 0): TaskClock {
  const startedAt = Math.max(Date.now(), notBefore);
  const origin = performance.now();
  return { startedAt, now: () => startedAt + Math.floor(performance.now() - origin) };
}
