import { describe, expect, it } from 'vitest';
import { type Attempts, addCheckpoint, beginAttempt } from '../../src/protocol/checkpoints';
import { taskId } from '../helpers/recording';

interface Noted {
  index: number;
  value: string;
}

const rewind = (attempt: number, checkpoint: number) => {
  return { taskId, attempt, checkpoint, logs: 0, partials: 0 };
};

/** Notes each checkpoint with the given value. */
function noted(values: Record<number, string>): Attempts<Noted> {
  let attempts: Attempts<Noted> = {};
  for (const [key, value] of Object.entries(values)) {
    const index = Number(key);
    const checkpoints = addCheckpoint(attempts, index, () => ({ index, value }));
    attempts = { ...attempts, checkpoints };
  }
  return attempts;
}

describe('what is kept at checkpoints (R-CLIENT-12)', () => {
  it('is what was there when the checkpoint came first', () => {
    const attempts = noted({ 0: 'a', 1: 'b' });
    const again = [0, 1].map((index) =>
      addCheckpoint(attempts, index, () => {
        throw new Error('Asked for what is there now.');
      }),
    );
    expect(again).toEqual([undefined, undefined]);
    expect(beginAttempt(attempts, rewind(2, 1))?.from).toEqual({ index: 1, value: 'b' });
  });

  it('is gone once an attempt began before it, and may come with another value then', () => {
    const start = beginAttempt(noted({ 0: 'a', 1: 'b', 2: 'c' }), rewind(2, 0));
    expect(start).toEqual({
      from: { index: 0, value: 'a' },
      attempts: { attempt: 2, checkpoints: [{ index: 0, value: 'a' }] },
    });
    const next = addCheckpoint(start?.attempts ?? {}, 1, () => ({ index: 1, value: 'other' }));
    expect(next?.at(-1)).toEqual({ index: 1, value: 'other' });
  });

  it('is unknown to a reader that came later', () => {
    const start = beginAttempt(noted({ 5: 'f' }), rewind(2, 4));
    expect(start).toEqual({ from: undefined, attempts: { attempt: 2 } });
  });

  it('does not change for an attempt that was seen to begin', () => {
    const attempts = { ...noted({ 0: 'a' }), attempt: 3 };
    for (const attempt of [1, 2, 3]) {
      expect(beginAttempt(attempts, rewind(attempt, -1))).toBeUndefined();
    }
    // A task that was opened as waiting has a rewind for its first attempt.
    expect(beginAttempt({}, rewind(1, -1))).toEqual({ from: undefined, attempts: { attempt: 1 } });
  });

  it('is bounded', () => {
    const values = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [index, 'x']));
    expect(noted(values).checkpoints?.length).toBeLessThan(20);
    expect(beginAttempt(noted(values), rewind(2, 97))?.from).toBeDefined();
  });
});
