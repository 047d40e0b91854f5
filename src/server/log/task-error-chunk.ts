import type { TaskErrorData } from '../../protocol/task-error';
import type { TaskErrorPartData } from '../../protocol/task-parts';

interface TaskErrorChunk {
  type: 'data-task-error';
  id: string;
  data: TaskErrorPartData;
}

/** The part that tells readers of an error of a task. */
export function taskErrorChunk(taskId: string, error: TaskErrorData): TaskErrorChunk {
  return { type: 'data-task-error', id: taskId, data: { taskId, ...error } };
}
