import type { AttemptModel } from './model';
import type { Chunk } from './told';

/** A chunk that fits what the log tells until now. */
export function chunkFor({ taskId, told, attempt, log }: AttemptModel, kind: number): Chunk {
  const { logs, partials, snapshot, nested, texts, calls } = told();
  // Different in each attempt, and at each place, so that nothing void can pass for what stays.
  const words = `${attempt}/${log.frames.length}`;
  const [text] = texts;
  const [call] = calls;
  const [child] = nested;
  const childId = child?.[0] ?? `child-${words}`;
  switch (kind) {
    case 0: {
      const data = { taskId, index: logs, level: 'info', message: words, at: 1 };
      return { type: 'data-task-log', id: `${taskId}:${logs}`, data, transient: true };
    }
    case 1: {
      const data = { taskId, index: partials, value: words };
      return { type: 'data-task-partial', id: `${taskId}:${partials}`, data, transient: true };
    }
    case 2:
    case 3:
      if (!text) return { type: 'text-start', id: `t-${words}` };
      return { type: 'text-delta', id: text, delta: words };
    case 4:
      return text ? { type: 'text-end', id: text } : { type: 'text-start', id: `t-${words}` };
    case 5:
      if (call) return { type: 'tool-output-available', toolCallId: call, output: words };
      return {
        ...{ type: 'tool-input-available', toolCallId: `c-${words}` },
        ...{ toolName: 'draw', input: {} },
      };
    case 6: {
      const data = { ...snapshot, status: 'running', progress: { value: log.frames.length } };
      return { type: 'data-task', id: taskId, data };
    }
    case 7: {
      const id = `child-${words}`;
      const times = { createdAt: 1, updatedAt: 2 };
      const data = { taskId: id, status: 'running', parentTaskId: taskId, ...times };
      return { type: 'data-task', id, data };
    }
    case 8: {
      const data = { taskId: childId, status: 'completed', durationMs: 1, settledAt: 3 };
      return child
        ? { type: 'data-task-settle', id: childId, data }
        : { type: 'data-own', data: { words } };
    }
    default:
      return { type: 'data-own', data: { words } };
  }
}
