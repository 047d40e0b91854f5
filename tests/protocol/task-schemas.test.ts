import { taskDataPartSchemas } from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { aiVersions } from '../helpers/ai-versions';

const taskId = 'root-0123456789abcdef';

const valid: Record<string, Record<string, unknown>> = {
  task: { taskId, status: 'running', createdAt: 1, updatedAt: 2 },
  'task-log': { taskId, index: 0, level: 'info', message: 'x', at: 1 },
  'task-partial': { taskId, index: 0, value: 1 },
  'task-heartbeat': { taskId, at: 1, intervalMs: 1 },
  'task-checkpoint': { taskId, index: 0 },
  'task-rewind': { taskId, attempt: 2, checkpoint: -1, logs: 0, partials: 0 },
  'task-error': { taskId, code: 'x', message: 'x', retryable: false },
  'task-settle': { taskId, status: 'completed', durationMs: 1, settledAt: 1 },
};

function messageWith(parts: { type: string; data: unknown }[]) {
  return [{ id: 'm', role: 'assistant', parts }];
}

describe('taskDataPartSchemas', () => {
  it('have each schema under the bare name and under the prefixed one', () => {
    const names = Object.keys(valid);
    expect(Object.keys(taskDataPartSchemas).sort()).toEqual(
      [...names, ...names.map((name) => `data-${name}`)].sort(),
    );
    for (const name of names as (keyof typeof taskDataPartSchemas)[]) {
      const prefixed = `data-${name}` as keyof typeof taskDataPartSchemas;
      expect(taskDataPartSchemas[name]).toBe(taskDataPartSchemas[prefixed]);
    }
  });

  it.each(Object.keys(valid))(
    'take a part %s and refuse it without any of its fields',
    async (name) => {
      const schema = taskDataPartSchemas[name as keyof typeof taskDataPartSchemas];
      const data = valid[name] ?? {};
      expect(await schema['~standard'].validate(data)).toEqual({ value: data });
      const optional = ['value', 'retryable'];
      for (const field of Object.keys(data).filter((key) => !optional.includes(key))) {
        const { [field]: _left, ...lacking } = data;
        expect(await schema['~standard'].validate(lacking)).toEqual({
          issues: [{ message: 'Missing or of a wrong type', path: [field] }],
        });
      }
      for (const nothing of [undefined, null, 1, 'x', []]) {
        expect(await schema['~standard'].validate(nothing)).toHaveProperty('issues');
      }
    },
  );

  describe.each(aiVersions)('AI SDK $version', ({ validateUIMessages }) => {
    // Its `validateUIMessages` wants schemas for bare names.
    const dataSchemas = Object.fromEntries(
      Object.entries(taskDataPartSchemas).filter(([name]) => !name.startsWith('data-')),
    );

    it.each([
      ['the bare names', dataSchemas],
      ['all names', taskDataPartSchemas],
    ])('takes a message with our parts by %s', async (_names, schemas) => {
      const parts = Object.entries(valid).map(([name, data]) => ({ type: `data-${name}`, data }));
      const messages = messageWith(parts);
      await expect(validateUIMessages({ messages, dataSchemas: schemas })).resolves.toEqual(
        messages,
      );
    });

    it('refuses a message with a part that lacks a field', async () => {
      const messages = messageWith([{ type: 'data-task', data: { taskId } }]);
      await expect(validateUIMessages({ messages, dataSchemas })).rejects.toThrow();
    });
  });
});
