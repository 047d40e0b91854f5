import { describe, expect, it } from 'vitest';
import {
  type AttemptEnd,
  type AttemptFacts,
  endOfAttempt,
} from '../../../src/server/task/attempt-end';

const stops = [undefined, 'request', 'deadline'] as const;
const leaves = [undefined, 'drain', 'run-time'] as const;
const works = [
  { isOver: true, failure: 'none' },
  { isOver: true, failure: 'abort' },
  { isOver: true, failure: 'error' },
  { isOver: false, failure: 'none' },
  { isOver: false, failure: 'error' },
] as const;

const describeFacts = ({ stoppedBy, leavesBy, isOver, failure }: AttemptFacts) =>
  `${stoppedBy ?? 'no stop'}, ${leavesBy ?? 'no leave'}, ${isOver ? 'over' : 'not over'}, ${failure}`;

describe('the end of an attempt', () => {
  it.each<[AttemptFacts, AttemptEnd]>([
    // What the work has come to, where nothing ends it.
    [{ stoppedBy: undefined, leavesBy: undefined, isOver: true, failure: 'none' }, 'completed'],
    [{ stoppedBy: undefined, leavesBy: undefined, isOver: true, failure: 'error' }, 'failed'],
    [{ stoppedBy: undefined, leavesBy: undefined, isOver: true, failure: 'abort' }, 'failed'],
    // What it has come to before it had to go.
    [{ stoppedBy: undefined, leavesBy: 'drain', isOver: true, failure: 'none' }, 'completed'],
    [{ stoppedBy: undefined, leavesBy: 'run-time', isOver: true, failure: 'none' }, 'completed'],
    [{ stoppedBy: undefined, leavesBy: 'drain', isOver: true, failure: 'error' }, 'failed'],
    [{ stoppedBy: undefined, leavesBy: 'run-time', isOver: true, failure: 'error' }, 'failed'],
    // It has done what it was told, or does not listen.
    [{ stoppedBy: undefined, leavesBy: 'drain', isOver: true, failure: 'abort' }, 'drained'],
    [{ stoppedBy: undefined, leavesBy: 'run-time', isOver: true, failure: 'abort' }, 'out-of-time'],
    [{ stoppedBy: undefined, leavesBy: 'drain', isOver: false, failure: 'none' }, 'drained'],
    [{ stoppedBy: undefined, leavesBy: 'run-time', isOver: false, failure: 'none' }, 'out-of-time'],
    [{ stoppedBy: undefined, leavesBy: 'drain', isOver: false, failure: 'error' }, 'drained'],
  ])('is, by %j, %s', (facts, end) => {
    expect(endOfAttempt(facts)).toBe(end);
  });

  it('is that of a stop, whatever else there is (R-ORDER-5)', () => {
    for (const stoppedBy of stops) {
      if (!stoppedBy) continue;
      for (const leavesBy of leaves) {
        for (const work of works) {
          const facts = { stoppedBy, leavesBy, ...work };
          const end = stoppedBy === 'deadline' ? 'timed-out' : 'cancelled';
          expect(endOfAttempt(facts), describeFacts(facts)).toBe(end);
        }
      }
    }
  });
});
