import type { TaskStreamContext } from '../log/task-stream-context';
import { liveLog } from './memory-retention';
import { createMemoryState, type MemoryLog } from './memory-state';
import { createMemoryContext, type MemoryStreamContextOptions } from './memory-stream-context';

/** A memory context, with its logs at hand for another one that sends them elsewhere. */
export interface MemoryLogs {
  readonly context: TaskStreamContext;
  get(taskId: string): MemoryLog | undefined;
}

export function createMemoryLogs(options: Omit<MemoryStreamContextOptions, 'scope'>): MemoryLogs {
  const state = createMemoryState();
  return {
    context: createMemoryContext(state, options),
    get: (taskId) => liveLog(state, taskId),
  };
}
