import type { UIMessage } from 'ai';
import { initialTaskState, reduceTaskChunk, type TaskState } from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { deriveMessageTask, findMessageTask } from '../../src/ui/message-task';
import { snapshot, taskId } from '../helpers/recording';

const inner = 'inner-0123456789abcdef';

function within(type: string, fields: object) {
  return { type, id: inner, data: { taskId: inner, createdAt: 1, updatedAt: 2, ...fields } };
}

const running = within('data-task', { status: 'running', parentTaskId: taskId });
const lost = { code: 'lost', message: 'Lost.', retryable: true };
const ended = [
  within('data-task-error', lost),
  within('data-task-settle', { status: 'failed', error: lost, durationMs: 1, settledAt: 3 }),
];

/** What a page shows of the task within, by its message and by what the page has seen. */
function show(parts: readonly { type: string }[], seen: readonly { type: string }[]) {
  const message = { id: 'm', role: 'assistant', parts } as UIMessage;
  const task = seen.reduce<TaskState>(reduceTaskChunk, { ...initialTaskState, taskId });
  const known = {
    task,
    connection: 'connected',
    isStalled: false,
    cancel: async () => true,
  } as const;
  const found = findMessageTask(message, undefined);
  return deriveMessageTask(message, found, known, undefined).children[inner];
}

describe('a task within the task of a message', () => {
  it('is over once the page has seen its end, though the message lags behind', () => {
    const log = within('data-task-log', { index: 0, level: 'info', message: 'Begun', at: 2 });
    const seen = [snapshot(), running, log, ...ended];
    expect(show([snapshot(), running], seen)).toMatchObject({
      status: 'failed',
      logs: [{ message: 'Begun' }],
    });
  });

  it('runs when it is run again, though the message still has its former end', () => {
    const parts = [snapshot(), running, ...ended];
    const shown = show(parts, []);
    expect(shown).toMatchObject({ status: 'running' });
    expect([shown?.settlement, shown?.error]).toEqual([undefined, undefined]);
    const over = { ...running, data: { ...running.data, status: 'failed' } };
    expect(show([snapshot(), over, ...ended], [])).toMatchObject({
      status: 'failed',
      settlement: { error: lost },
    });
  });
});
