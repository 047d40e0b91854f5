import { expect, it } from 'vitest';
import { createLeaveTimes } from '../../src/bullmq/leave-times';

it('leaves a few jobs for a short while, and many so that they come one after the other (R-QUEUE-2)', () => {
  const leaveUntil = createLeaveTimes();
  const times = Array.from({ length: 1_000 }, () => leaveUntil(10_000));
  expect(times[0]).toBe(10_500);
  const spaces = new Set(times.slice(1).map((time, index) => time - (times[index] ?? 0)));
  expect([...spaces]).toEqual([20]);
  // Once they have come, a job is left for a short while again.
  expect(leaveUntil(40_000)).toBe(40_500);
});
