// Names come from outside, and may be those of what every object has.
import type { UIMessage } from 'ai';
import { initialTaskState, reduceTaskChunk, type TaskState } from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { liveBlock } from '../../src/cli/live-block';
import { reduceUIMessageChunk } from '../../src/protocol/ui-message';
import { deriveMessageTask } from '../../src/ui/message-task';

const inherited = Object.getOwnPropertyNames(Object.prototype);

/** As many of them as can name a task. */
const taskIds = inherited.filter((name) => /^[\w-]{16,128}$/.test(name));

const message: UIMessage = { id: 'm', role: 'assistant', parts: [] };

describe('what is named as a property of objects', () => {
  it.each(inherited)('is no kind of tool chunk: tool-%s', (name) => {
    const chunk = { type: `tool-${name}`, toolCallId: 'c', toolName: 'render' };
    expect(reduceUIMessageChunk(message, chunk)).toBe(message);
  });

  it.each(taskIds)('may be a task within another: %s', (taskId) => {
    const root = 'root-0123456789abcdef';
    const data = { taskId, status: 'running', createdAt: 1, updatedAt: 1, parentTaskId: root };
    let task: TaskState = reduceTaskChunk(initialTaskState, {
      type: 'data-task',
      id: root,
      data: { ...data, taskId: root, parentTaskId: undefined },
    } as { type: string });
    const seen = { task, connection: 'connected', isStalled: false, cancel: async () => true };
    const which = { taskId, rootId: root, has: () => false };
    const unknown = deriveMessageTask(message, which, { ...seen, connection: 'closed' }, undefined);
    expect(unknown).toMatchObject({ taskId, status: 'pending', logs: [] });
    task = reduceTaskChunk(task, { type: 'data-task', id: taskId, data } as { type: string });
    expect(task.children[taskId]).toMatchObject({ taskId, status: 'running' });
  });

  it.each(inherited)('is shown as a step that is not known to have begun: %s', (status) => {
    const step = { name: 'draw', weight: 1, status } as unknown as { status: 'pending' };
    const state = { status: 'running', connection: 'connected', steps: [step], partials: [] };
    expect(liveBlock(state as unknown as Parameters<typeof liveBlock>[0], 80, 0)[0]).toContain(
      '· draw',
    );
  });
});
