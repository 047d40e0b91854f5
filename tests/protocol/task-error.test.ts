import { TaskError } from 'ai-task-stream';
import { describe, expect, it, vi } from 'vitest';

describe('TaskError', () => {
  it('has the code internal and is not retryable unless told otherwise', () => {
    const error = new TaskError({ message: 'No.' });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'TaskError', code: 'internal', retryable: false });
    expect(error.details).toBeUndefined();
    expect('cause' in error).toBe(false);
  });

  it('shows code, message, retryable and details in JSON, and neither cause nor stack', () => {
    const error = new TaskError({
      message: 'Too many.',
      code: 'quota',
      retryable: true,
      details: { limit: 3 },
      cause: new Error('secret'),
    });
    expect(JSON.stringify(error)).toBe(
      '{"code":"quota","message":"Too many.","retryable":true,"details":{"limit":3}}',
    );
    expect(JSON.stringify(new TaskError({ message: 'No.' }))).toBe(
      '{"code":"internal","message":"No.","retryable":false}',
    );
  });

  it('is known across copies of the package', async () => {
    vi.resetModules();
    const copy = await import('ai-task-stream');
    expect(copy.TaskError).not.toBe(TaskError);
    const foreign = new copy.TaskError({ message: 'No.', code: 'mine' });
    expect(foreign).not.toBeInstanceOf(TaskError);
    expect(TaskError.isInstance(foreign)).toBe(true);
    expect(copy.TaskError.isInstance(new TaskError({ message: 'No.' }))).toBe(true);
  });

  it.each([
    undefined,
    null,
    'error',
    {},
    new Error('No.'),
    { name: 'TaskError', code: 'internal', message: 'No.', retryable: false },
  ])('is not %j', (value) => {
    expect(TaskError.isInstance(value)).toBe(false);
  });

  it('hides the mark by which it is known', () => {
    expect(Object.keys(new TaskError({ message: 'No.' })).sort()).toEqual([
      'code',
      'details',
      'name',
      'retryable',
    ]);
  });
});
