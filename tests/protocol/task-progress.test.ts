import { estimateRemainingMs, initialTaskState, type TaskState, taskPercent } from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { fc } from '../helpers/fast-check';

function state(fields: Partial<TaskState>): TaskState {
  return { ...initialTaskState, status: 'running', createdAt: 1_000, updatedAt: 2_000, ...fields };
}

describe('taskPercent', () => {
  it('is value of total', () => {
    expect(taskPercent(state({ progress: { value: 3, total: 12 } }))).toBe(25);
  });

  it('follows the weights of the steps where there are steps', () => {
    const steps: TaskState['steps'] = [
      { name: 'a', weight: 10, status: 'completed', progress: { value: 1, total: 4 } },
      { name: 'b', weight: 70, status: 'running', progress: { value: 1, total: 2 } },
      { name: 'c', weight: 20, status: 'pending' },
    ];
    expect(taskPercent(state({ steps, progress: { value: 1, total: 2 } }))).toBe(45);
  });

  it('falls back to value of total when no step has a weight', () => {
    const steps: TaskState['steps'] = [{ name: 'a', weight: 0, status: 'running' }];
    expect(taskPercent(state({ steps, progress: { value: 1, total: 2 } }))).toBe(50);
    expect(taskPercent(state({ steps }))).toBeUndefined();
  });

  it.each([
    undefined,
    { value: 3 },
    { value: 3, total: 0 },
    { value: 3, total: -1 },
    { value: 3, total: Number.NaN },
  ])('is never invented from %j', (progress) => {
    expect(taskPercent(state({ progress }))).toBeUndefined();
  });

  it('is 100 once completed, whatever was reported', () => {
    expect(taskPercent(state({ status: 'completed' }))).toBe(100);
    expect(taskPercent(state({ status: 'completed', progress: { value: 1, total: 9 } }))).toBe(100);
  });

  it('stays where it was after a failure', () => {
    expect(taskPercent(state({ status: 'failed', progress: { value: 1, total: 4 } }))).toBe(25);
  });

  it('stays between 0 and 100 for whatever numbers are reported', () => {
    fc.assert(
      fc.property(fc.double(), fc.double({ min: 0, noNaN: true }), (value, total) => {
        const percent = taskPercent(state({ progress: { value, total } })) ?? 0;
        if (!Number.isNaN(value)) {
          expect(Number.isNaN(percent) && Number.isFinite(value) && Number.isFinite(total)).toBe(
            false,
          );
          expect(percent < 0 || percent > 100).toBe(false);
        }
      }),
    );
  });
});

describe('estimateRemainingMs', () => {
  it('goes on at the average pace', () => {
    expect(estimateRemainingMs(state({ progress: { value: 1, total: 4 } }))).toBe(3_000);
  });

  it('counts down from the newest snapshot, to 0 and not below', () => {
    const quarter = state({ progress: { value: 1, total: 4 } });
    expect(estimateRemainingMs(quarter, 2_500)).toBe(2_500);
    expect(estimateRemainingMs(quarter, 5_000)).toBe(0);
    expect(estimateRemainingMs(quarter, 50_000)).toBe(0);
  });

  it('is not longer when the clocks of server and page disagree', () => {
    expect(estimateRemainingMs(state({ progress: { value: 1, total: 4 } }), 0)).toBe(3_000);
  });

  it('is derived from steps with weights', () => {
    const steps: TaskState['steps'] = [
      { name: 'a', weight: 1, status: 'completed' },
      { name: 'b', weight: 1, status: 'running' },
    ];
    expect(estimateRemainingMs(state({ steps }))).toBe(1_000);
  });

  it.each<[string, Partial<TaskState>]>([
    ['no progress', {}],
    ['no total', { progress: { value: 5 } }],
    ['nothing done', { progress: { value: 0, total: 5 } }],
    ['a task that is pending', { status: 'pending', progress: { value: 1, total: 4 } }],
    ['a task that is completed', { status: 'completed', progress: { value: 4, total: 4 } }],
    ['a task that failed', { status: 'failed', progress: { value: 1, total: 4 } }],
    ['a task that was cancelled', { status: 'cancelled', progress: { value: 1, total: 4 } }],
    ['no start time', { createdAt: undefined, progress: { value: 1, total: 4 } }],
    ['a clock that was set back', { updatedAt: 1, progress: { value: 1, total: 4 } }],
    ['no snapshot time', { updatedAt: undefined, progress: { value: 1, total: 4 } }],
  ])('is never invented for %s', (_name, fields) => {
    expect(estimateRemainingMs(state(fields))).toBeUndefined();
  });
});
